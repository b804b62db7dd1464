"""Who is taken when, and who lacks what a run asks for: by people, clerks, agencies' events and files alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bina.events.agency import RequestAnswered
from bina.events.assessment import CompetencyProfileChanged, ProfileEntry
from bina.messaging import clock
from enrollment.catalogue.domain import Run, run_id_of
from enrollment.enrolments.requesting import load_known
from enrollment.imports import EnrolmentClaim, Kind, Scope, Sheet, judge, read
from enrollment.imports.plan import Recorded
from enrollment.imports.store.states import load_register

from .conftest import NOW, Site
from .loaded_world import csv
from .story import CITY, OPEN, PAST, asked, asn_id, left_long_ago, nip
from .test_data_requests import page

HOUR = timedelta(hours=1)
moments = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


async def change(site: Site, code: str = OPEN, **wanted: object) -> int:
    return (await site.command(f"runs/{code}/change", wanted, "platform", agency=None)).status_code


async def asks(site: Site, n: int = 2, code: str = OPEN) -> tuple[int, str]:
    answer = await site.command("enrolments", {"run": code}, "asn", person=n)
    return answer.status_code, answer.json().get("type", "")


async def told(site: Site) -> list[tuple[str, list[str]]]:
    answers = await site.svc.emitted(RequestAnswered)
    return [(answer.outcome, [problem.code for problem in answer.problems]) for answer in answers]


async def levels(site: Site, n: int, level: int, **more: object) -> None:
    entry = ProfileEntry(code="T2", level=level, source="assessment", assessed_on=NOW.date(), **more)
    await site.svc.receives(CompetencyProfileChanged(asn_id=asn_id(n), entries=(entry,)))
    await site.svc.emitted()


@pytest.mark.parametrize(
    ("opens", "closes", "refused"),
    [
        (HOUR, None, "run-not-open-yet"),
        (-HOUR, HOUR, ""),
        (timedelta(0), HOUR, ""),
        (None, timedelta(0), "run-enrolment-over"),
        (-2 * HOUR, -HOUR, "run-enrolment-over"),
    ],
)
async def test_requests_are_taken_from_the_opening_until_the_closing(
    site: Site, opens: timedelta | None, closes: timedelta | None, refused: str
):
    now = clock.now()
    at = {"opens_at": opens, "closes_at": closes}
    assert await change(site, **{k: (now + v).isoformat() for k, v in at.items() if v is not None}) == 200
    status, problem = await asks(site)
    assert (status, problem) == ((409, f"urn:bina:problem:{refused}") if refused else (201, ""))
    await site.svc.emitted()
    await site.svc.receives(asked(3, OPEN), agency=CITY)
    assert await told(site) == [
        ("refused", [refused.replace("-", ".", 1).replace("-", "_")]) if refused else ("accepted", [])
    ]


async def test_whoever_is_in_stays_in_and_may_leave_after_the_closing(site: Site):
    await asks(site)
    await change(site, closes_at=(clock.now() - HOUR).isoformat(), required_programmes=["SKB"])
    assert (await asks(site))[0] in (200, 201), "only repeats"
    (row,) = await site.svc.rows(
        "SELECT enrollment_id FROM enrolments WHERE asn_id = '" + str(asn_id(2)) + "'"
    )
    answer = await site.command(f"enrolments/{row.enrollment_id}/withdraw", {}, "asn", person=2)
    assert answer.status_code == 200


async def test_a_page_says_when_and_what_is_missing(site: Site):
    await change(site, opens_at="2026-12-01T01:00:00Z", cost_per_seat=1_500_000, required_programmes=["SKB"])
    shown = await page(site, f"/enrollment/angkatan/{OPEN}", "asn", person=2)
    assert "Pendaftaran dibuka 1 Desember 2026 pukul 08.00 WIB." in shown
    assert "Rp 1.500.000" in shown
    assert "untuk kursi yang terisi" not in shown
    assert "Dibuka 1 Des 2026" in await page(site, "/enrollment/katalog", "asn", person=2)
    await change(site, opens_at=None)
    shown = await page(site, f"/enrollment/angkatan/{OPEN}", "asn", person=2)
    assert "Prasyarat Anda belum terpenuhi: Penguatan Perekat Bangsa (SKB)." in shown


async def test_a_programme_completed_before_is_enough(site: Site):
    await change(site, required_programmes=["BTK"])
    assert await asks(site) == (409, "urn:bina:problem:requirement-missing")
    async with site.svc.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"""INSERT INTO enrolments (enrollment_id, run_id, asn_id, attempt, agency_code, state, requested_at)
            VALUES (gen_random_uuid(), '{run_id_of(PAST)}', '{asn_id(2)}', 9, '{CITY}', 'completed', now())"""
        )
    assert (await asks(site))[0] == 201
    await site.svc.emitted()
    await site.svc.receives(asked(2, OPEN), asked(3, OPEN), agency=CITY)
    assert await told(site) == [("accepted", ["duplicate.existing"]), ("refused", ["requirement.missing"])]


async def test_a_level_is_had_by_a_profile_that_is_valid(site: Site):
    await change(site, required_levels=[{"code": "T2", "level": 2}])
    await levels(site, 2, 1)
    assert (await asks(site))[1].endswith("requirement-missing")
    await levels(site, 2, 2, valid_until=NOW.date() - timedelta(days=1))
    assert (await asks(site))[1].endswith("requirement-missing")
    await levels(site, 2, 2, valid_until=NOW.date())
    assert (await asks(site))[0] == 201
    await site.svc.receives(CompetencyProfileChanged(asn_id=asn_id(2), entries=()))
    assert await site.svc.rows("SELECT 1 FROM competency_levels") == []


async def test_files_are_told_the_same(site: Site):
    await change(site, opens_at=(clock.now() + HOUR).isoformat(), required_programmes=["SKB"])
    key = (nip(2), OPEN)
    async with site.svc.sessions() as session, session.begin():
        found = await load_register(
            session,
            Kind.PENDAFTARAN,
            {key: EnrolmentClaim(nip=key[0], run_code=OPEN)},
            Recorded({}, {}, {}),
            NOW.date(),
        )
        known = await load_known(session, [key])
    assert found.unmet == {key: [("requirement.missing", "Penguatan Perekat Bangsa (SKB)")]}
    assert found.runs[OPEN].window == known.windows[OPEN]
    assert list(known.unmet.values()) == list(found.unmet.values())


async def test_who_asked_in_time_is_not_kept_out_whichever_way_the_word_comes(site: Site):
    await change(site, admission={"approval": "supervisor"})
    assert (await asks(site))[0] == 201
    await change(site, closes_at=(clock.now() - HOUR).isoformat())
    file = csv(("NIP", "Kode Angkatan"), (nip(2), OPEN), (nip(3), OPEN))
    sheet = read(file, "berkas.csv", Kind.PENDAFTARAN)
    assert isinstance(sheet, Sheet)
    claims = {(nip(n), OPEN): EnrolmentClaim(nip=nip(n), run_code=OPEN) for n in (2, 3)}
    async with site.svc.sessions() as session, session.begin():
        found = await load_register(session, Kind.PENDAFTARAN, claims, Recorded({}, {}, {}), NOW.date())
    judged = judge(sheet, Kind.PENDAFTARAN, NOW.date(), Scope(CITY, {CITY}), found)
    assert [(one.row, one.code) for one in judged.problems] == [(3, "run.enrolment_over")]
    await site.svc.emitted()
    await site.svc.receives(asked(2, OPEN), asked(3, OPEN), agency=CITY)
    assert await told(site) == [("accepted", []), ("refused", ["run.enrolment_over"])]


async def test_levels_go_with_their_person(site: Site):
    await levels(site, 2, 3)
    await left_long_ago(site.svc, 2)
    async with site.client("platform", agency=None) as client:
        headers = {"Idempotency-Key": "erase-levels-1"}
        answer = await client.delete(f"/enrollment/api/v1/asn/{asn_id(2)}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert await site.svc.rows("SELECT 1 FROM competency_levels") == []


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"required_programmes": ["TIADA"]}, "required_programmes"),
        ({"opens_at": "2026-12-02T00:00:00Z", "closes_at": "2026-12-01T00:00:00Z"}, "closes_at"),
    ],
)
async def test_what_cannot_be_is_refused(site: Site, wanted: dict[str, object], where: str):
    answer = await site.command(f"runs/{OPEN}/change", wanted, "platform", agency=None)
    assert [fault["where"] for fault in answer.json()["errors"]] == [where]


@given(moments, moments, moments.filter(bool))
def test_a_window_is_open_between_its_ends(opens: datetime | None, closes: datetime | None, now: datetime):
    day = now.date()
    bare = Run(run_id_of("X"), "X", "X", "X", CITY, (CITY,), 1, day, day, 1)
    state = replace(bare, opens_at=opens, closes_at=closes).window_at(now)
    assert (state == "") is ((opens is None or opens <= now) and (closes is None or now < closes))


async def test_levels_are_named_in_the_readers_language(site: Site):
    await change(site, required_levels=[{"code": "T2", "level": 2}], required_programmes=["SKB"])
    async with site.client("asn", person=2) as client:
        client.cookies.set("bina_bahasa", "en")
        shown = (await client.get(f"/enrollment/angkatan/{OPEN}")).text
    assert "Penguatan Perekat Bangsa (SKB), T2 level 2" in shown
    assert "tingkat 2" not in shown
