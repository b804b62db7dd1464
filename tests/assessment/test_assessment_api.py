"""The machine interface: own tests, answers that count once, profiles within the scope."""

import pytest

from assessment.assessments import domain
from bina.events import Envelope
from bina.events.assessment import AssessmentScored, CompetencyProfileChanged
from bina.events.enrollment import AttendanceMet
from bina.messaging import clock, new_id
from charted import chart_rows, figure

from .conftest import Site
from .story import accepted, announced, attended, day, id_of, person
from .taking import take

PRE = domain.own_id(id_of("Aisyah", "PKP-2026-02"), "pre")
API = "/assessment/api/v1"


async def prepared(site: Site) -> Site:
    await site.svc.receives(
        person("Aisyah"), person("Budi"), announced(), accepted("Aisyah"), attended("Aisyah")
    )
    return site


@pytest.fixture
async def site(site_of) -> Site:
    return await prepared(await site_of())


@pytest.fixture
async def demo(site_of) -> Site:
    return await prepared(await site_of(demo=True))


def key(name: str = "first") -> dict[str, str]:
    return {"Idempotency-Key": f"key-of-{name}"}


async def test_own_tests_are_listed_and_shown_without_the_right_answers(site: Site) -> None:
    async with site.client() as client:
        listed = (await client.get(f"{API}/assessments")).json()
        shown = (await client.get(f"{API}/assessments/{PRE}")).json()
    assert {(t["kind"], t["standing"]) for t in listed} == {("pre", "open"), ("post", "open")}
    assert len(shown["questions"]) == 10
    assert set(shown["questions"][0]) == {"id", "competency", "text", "options"}
    assert [o["letter"] for o in shown["questions"][0]["options"]] == ["A", "B", "C", "D"]


async def test_answers_count_once(site: Site) -> None:
    async with site.client() as client:
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: "A" for q in asked}}
        first = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
        again = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
        other = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key("other"))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["standing"] == "scored"
    assert {c["code"] for c in first.json()["competencies"]} == {"M1", "M5"}
    assert (other.status_code, other.json()["type"]) == (409, "urn:bina:problem:assessment-already-scored")


async def test_missing_or_unknown_answers_are_named(site: Site) -> None:
    async with site.client() as client:
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: "A" for q in asked[1:]} | {asked[1]["id"]: "E"}}
        answer = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:bina:problem:answers-incomplete")
    assert {e["where"] for e in answer.json()["errors"]} == {asked[0]["id"], asked[1]["id"]}


async def test_nobody_answers_for_others(site: Site) -> None:
    async with site.client("Budi", "asn") as client:
        shown = await client.get(f"{API}/assessments/{PRE}")
        listed = await client.get(
            f"{API}/assessments", params={"enrollment_id": str(id_of("Aisyah", "PKP-2026-02"))}
        )
        body = {"answers": {"M1-A01": "A"}}
        taken = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
    assert (shown.status_code, taken.status_code, listed.json()) == (404, 404, [])


async def test_outside_a_demonstration_the_platform_answers_for_nobody(site: Site) -> None:
    async with site.client("Budi", "platform") as client:
        shown = await client.get(f"{API}/assessments/{PRE}")
        body = {"answers": {"M1-A01": "A"}}
        taken = await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
    assert (shown.status_code, taken.status_code) == (403, 403)


async def test_an_assessor_reads_results_of_the_own_agency_without_their_questions(site: Site) -> None:
    async with site.client("Asesor", "assessor") as client:
        shown = (await client.get(f"{API}/assessments/{PRE}")).json()
    async with site.client("Asesor", "assessor", agency="5500") as client:
        foreign = await client.get(f"{API}/assessments/{PRE}")
    assert (shown["standing"], shown["questions"], foreign.status_code) == ("open", [], 404)


async def test_in_a_demonstration_the_platform_answers_on_another_day(demo: Site) -> None:
    async with demo.client("Pengelola", "platform") as client:
        enrollment = {"enrollment_id": str(id_of("Aisyah", "PKP-2026-02"))}
        listed = (await client.get(f"{API}/assessments", params=enrollment)).json()
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: q["right"] for q in asked}, "taken_on": day(-2).isoformat()}
        taken = (await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())).json()
    assert [t["kind"] for t in listed] == ["pre", "post"]
    assert (taken["score"], taken["scored_on"]) == (100.0, day(-2).isoformat())


def taken_row(kind: str, score: int, name: str = "Aisyah") -> dict[str, object]:
    enrollment = str(id_of(name, "PKP-2026-02"))
    return {"enrollment_id": enrollment, "kind": kind, "score": score, "on": day(0).isoformat()}


async def test_in_a_demonstration_many_take_their_tests_at_once(demo: Site) -> None:
    rows = [taken_row("pre", 42), taken_row("post", 80), taken_row("pre", 50, "Budi")]
    await demo.svc.emitted()
    async with demo.client("Pengelola", "platform") as client:
        body = {"items": rows}
        first = await client.post(f"{API}/assessments/taken", json=body, headers=key())
        again = await client.post(f"{API}/assessments/taken", json=body, headers=key())
        other = await client.post(f"{API}/assessments/taken", json=body, headers=key("other"))
    assert first.json() == again.json() == {"taken": 2, "left": 1}
    assert other.json() == {"taken": 0, "left": 3}
    told = await demo.svc.emitted()
    scores = {(fact.kind, fact.score) for fact in told if isinstance(fact, AssessmentScored)}
    assert scores == {("pre", 40.0), ("post", 80.0)}
    assert len([fact for fact in told if isinstance(fact, CompetencyProfileChanged)]) == 1


async def test_nobody_takes_tests_for_many_outside_a_demonstration(site: Site) -> None:
    body = {"items": [taken_row("pre", 40)]}
    async with site.client("Pengelola", "platform") as client:
        assert (await client.post(f"{API}/assessments/taken", json=body, headers=key())).status_code == 403
    async with site.client() as client:
        assert (await client.post(f"{API}/assessments/taken", json=body, headers=key())).status_code == 403


async def test_a_person_cannot_choose_the_day(demo: Site) -> None:
    async with demo.client() as client:
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        assert "right" not in asked[0]
        body = {"answers": {q["id"]: "A" for q in asked}, "taken_on": day(-2).isoformat()}
        taken = (await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())).json()
    assert taken["scored_on"] == day(0).isoformat()


async def test_a_profile_is_seen_by_its_person_and_the_agencys_staff(site: Site) -> None:
    path = f"{API}/people/{id_of('Aisyah')}/profile"
    async with site.client() as client:
        assert (await client.get(path)).status_code == 404
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: "A" for q in asked}}
        await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
        profile = (await client.get(path)).json()
        [rows] = chart_rows((await client.get("/assessment/profil")).text)
    charted = [[name, *map(figure, figures)] for name, *figures in rows]
    assert [e["code"] for e in profile["entries"]] == ["M1", "M5"]
    assert profile["jpm"]["assessed"] == 2
    assert profile["required"]["M1"] == 2
    assert charted == [
        [one["name"], one["standard"], one["level"], one["level"] - one["standard"]]
        for one in profile["entries"]
    ]
    for who, roles, agency, status in [
        ("Sulastri", ("bkd",), "5571", 200),
        ("Sulastri", ("bkd",), "6472", 404),
        ("Budi", ("asn",), "5571", 404),
        ("Pengelola", ("platform",), "5571", 403),
    ]:
        async with site.client(who, *roles, agency=agency) as client:
            assert (await client.get(path)).status_code == status, (who, agency)


async def test_a_units_staff_see_profiles_of_their_unit_and_below_only(site: Site) -> None:
    top, section, other = (id_of(name) for name in ("Sekretariat", "Subbagian", "Dinas"))
    await site.svc.receives(person("Aisyah", unit_id=section, unit_path=(top, section)), person("Budi"))
    async with site.client() as client:
        asked = (await client.get(f"{API}/assessments/{PRE}")).json()["questions"]
        body = {"answers": {q["id"]: "A" for q in asked}}
        await client.post(f"{API}/assessments/{PRE}/answers", json=body, headers=key())
    seen = {}
    for unit in (None, top, section, other):
        async with site.client("Sulastri", "operator", unit=unit) as client:
            seen[unit] = (await client.get(f"{API}/people/{id_of('Aisyah')}/profile")).status_code
    assert seen == {None: 200, top: 200, section: 200, other: 404}


async def test_what_comes_of_an_answer_leads_back_to_the_seat_or_the_attendance(site_of) -> None:
    site: Site = await site_of(demo=True)
    await site.svc.receives(
        person("Aisyah"), announced(), seat := accepted("Aisyah"), met := attended("Aisyah")
    )
    for kind, cause in (("pre", seat), ("post", met)):
        await site.svc.emitted()
        async with site.client("Pengelola", "platform") as client:
            body = {"items": [taken_row(kind, 40)]}
            await client.post(f"{API}/assessments/taken", json=body, headers=key(kind))
        told = await site.svc.emitted()
        assert {type(fact) for fact in told} >= {AssessmentScored, CompetencyProfileChanged}
        assert {fact.envelope.causation_id for fact in told} == {cause.event_id}
        assert {fact.envelope.correlation_id for fact in told} == {cause.event_id}


async def test_a_second_attempt_leads_back_to_the_attendance_too(site_of) -> None:
    svc = (await site_of()).svc
    met = attended("Aisyah").travelled(
        Envelope(str(new_id()), "enrollment", AttendanceMet.type, clock.now(), correlation_id="a request")
    )
    await svc.receives(person("Aisyah"), announced(pass_score=70), accepted("Aisyah"), met)
    for attempt in (1, 2):
        told = await take(svc, "Aisyah", attempt=attempt)
        assert AssessmentScored in {type(fact) for fact in told}
        assert {fact.envelope.causation_id for fact in told} == {met.event_id}
        assert {fact.envelope.correlation_id for fact in told} == {"a request"}
