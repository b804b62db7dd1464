"""What enrollment's commands leave behind, and that nobody's name is shown without being noted."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from bina.web.audit.sealing import Sealer
from bina.web.audit.searching import Found, Sought, find
from enrollment.catalogue.domain import run_id_of
from enrollment.partners.domain import Partner, Speaker
from enrollment.partners.store import save_partner, save_speaker
from named import addresses, shown_to

from .conftest import Site
from .story import (
    CITY,
    PAST,
    REGENCY,
    SECTION,
    SMALL,
    TESTED,
    asked,
    asn_id,
    enrollment_id,
    nip,
    reported,
    served_since,
    upload,
)
from .test_credits import hands_in

CLERK = 900


async def entries(site: Site, **sought) -> list[Found]:
    async with site.svc.sessions() as session:
        return list(reversed(await find(session, Sought(**sought), limit=500)))


async def only(site: Site) -> Found:
    (found,) = await entries(site)
    return found


async def test_a_clerks_request_names_whom_it_was_made_for_and_why(site: Site):
    body = {"run": SMALL, "nip": nip(2), "note": "Pindah bidang"}
    assert (await site.command("enrolments", body, "operator", person=CLERK)).status_code == 201
    entry = await only(site)
    assert (entry.actor_id, entry.on_behalf, entry.agency_code) == (asn_id(CLERK), [asn_id(2)], CITY)
    (change,) = entry.changes
    assert (change["kind"], change["id"]) == ("enrolment", str(enrollment_id(2, SMALL)))
    assert change["after"]["state"] == "accepted"
    assert entry.values["why"] == "Pindah bidang"
    assert str(run_id_of(SMALL)) == change["after"]["run_id"]


async def test_a_seat_given_back_tells_who_moved_up(site: Site):
    for n in (2, 3, 4):
        await site.svc.receives(asked(n, SMALL), agency=CITY)
    path = f"enrolments/{enrollment_id(2, SMALL)}/withdraw"
    assert (await site.command(path, {"reason": "Cuti sakit"}, "asn", person=2)).status_code == 200
    entry = await only(site)
    assert entry.on_behalf == []
    seats = {
        change["person"]: (change["before"]["state"], change["after"]["state"]) for change in entry.changes
    }
    assert seats == {
        str(asn_id(2)): ("accepted", "withdrawn"),
        str(asn_id(4)): ("waitlisted", "accepted"),
    }
    assert entry.values["0.why"] == "Cuti sakit"


async def test_an_agencys_events_leave_no_entry_of_their_own(site: Site):
    await site.svc.receives(asked(2, SMALL), reported(7, PAST), agency=CITY)
    assert await entries(site) == []


async def test_a_correction_keeps_before_after_and_why(site: Site):
    await site.svc.receives(reported(7, PAST), agency=CITY)
    body = {"completed": True, "jp": 12, "completed_on": "2026-10-06", "reason": "Salah ketik JP"}
    path = f"results/{enrollment_id(7, PAST)}/correct"
    assert (await site.command(path, body, "operator", person=CLERK)).status_code == 200
    entry = await only(site)
    (change,) = entry.changes
    assert (change["before"]["jp"], change["after"]["jp"]) == (16, 12)
    assert entry.values["0.why"] == "Salah ketik JP"


async def test_attendance_of_many_is_one_entry(site: Site):
    for n in range(2, 7):
        await site.svc.receives(asked(n, TESTED), agency=CITY)
    ids = [str(enrollment_id(n, TESTED)) for n in range(2, 7)]
    body = {"enrollments": ids, "met_on": "2026-09-17"}
    assert (await site.command("attendance", body, "bkd", person=CLERK)).status_code == 200
    entry = await only(site)
    assert sorted(change["id"] for change in entry.changes) == sorted(ids)
    assert {change["after"]["met_on"] for change in entry.changes} == {"2026-09-17"}


async def test_a_run_changed_and_cancelled(site: Site):
    await site.command(f"runs/{SMALL}/change", {"seats": 5}, "operator", person=CLERK)
    await site.svc.receives(asked(2, SMALL), agency=CITY)
    await site.command(f"runs/{SMALL}/cancel", {"reason": "Narasumber sakit"}, "operator", person=CLERK)
    await site.command(f"runs/{PAST}/conclude", {}, "operator", person=CLERK)
    changed, cancelled, concluded = await entries(site)
    assert changed.changes[0] | {"id": ""} == {
        "kind": "run",
        "id": "",
        "before": {"seats": 2},
        "after": {"seats": 5},
    }
    assert cancelled.changes[0]["after"]["status"] == "cancelled"
    assert cancelled.values["0.why"] == "Narasumber sakit"
    assert concluded.changes[0]["after"]["status"] == "closed"


async def test_people_recorded_keep_what_changed_beside_the_entry(site: Site):
    row = {
        "id": str(asn_id(2)),
        "nip": nip(2),
        "name": "Pegawai 2, S.E.",
        "agency_code": CITY,
        "email": "dua@kota.example",
    }
    assert (await site.command("asn", {"items": [row]}, "platform")).status_code == 201
    entry = await only(site)
    assert {change["kind"] for change in entry.changes} == {"asn", "contact"}
    assert entry.values["0.before"]["name"] == "Pegawai 2"
    assert entry.values["0.after"]["name"] == "Pegawai 2, S.E."
    assert entry.values["1.after"] == {"email": "dua@kota.example"}
    assert "name" not in entry.changes[0]["after"]


async def test_agencies_units_programmes_runs_and_roles_tell_what_changed(site: Site):
    unit, programme = str(uuid4()), {"code": "KEU", "name": "Keuangan Daerah", "jp": 50}
    run = {"code": "KEU-2026-09", "programme": "KEU", "organiser": CITY, "starts_on": "2026-12-08"}
    for path, row in (
        ("agencies", {"code": REGENCY, "name": "Kabupaten Muaro Jambi"}),
        ("units", {"id": unit, "agency_code": CITY, "name": "Bagian Hukum"}),
        ("programmes", programme),
        ("runs", run | {"ends_on": "2026-12-09"}),
        ("roles", {"asn_id": str(asn_id(2)), "role": "head", "agency_code": CITY}),
    ):
        assert (await site.command(path, {"items": [row]}, "platform")).status_code == 201, path
    found = [entry.changes[0] for entry in await entries(site)]
    assert [change["kind"] for change in found] == ["agency", "unit", "programme", "run", "role"]
    assert found[0]["before"] == {"name": "Pemerintah Kabupaten Muaro Jambi"}
    assert found[2]["after"] == {"name": "Keuangan Daerah", "version": 2}
    assert (found[1].get("before"), found[4]["after"]["role"]) == (None, "head")


async def test_a_bulk_command_writes_one_entry_with_as_few_questions_as_a_small_one(site: Site, monkeypatch):
    from bina.messaging.database import Session

    asked_of_audit: list[int] = []
    fetch = Session.fetch

    async def counted(self, sql, *values):
        if "audit." in sql:
            asked_of_audit[-1] += 1
        return await fetch(self, sql, *values)

    monkeypatch.setattr(Session, "fetch", counted)
    for count in (3, 300):
        asked_of_audit.append(0)
        rows = [
            {
                "id": str(uuid4()),
                "nip": f"19870303{201001 + count}1{n:03d}",
                "name": f"Orang {n}",
                "agency_code": CITY,
            }
            for n in range(count)
        ]
        answer = await site.command("asn", {"items": rows}, "platform")
        assert (answer.status_code, answer.json()["recorded"]) == (201, count)
    assert asked_of_audit == [1, 1]
    assert [len(entry.changes) for entry in await entries(site)] == [6, 600]


async def test_an_erased_person_leaves_nothing_but_digests(site: Site):
    await site.command(
        "enrolments", {"run": SMALL, "nip": nip(2), "note": "Pindah"}, "operator", person=CLERK
    )
    row = {"id": str(asn_id(2)), "nip": nip(2), "name": "Pegawai Dua", "agency_code": CITY}
    async with site.svc.sessions() as session, session.begin():
        await served_since(session, date(2000, 1, 1), 2)
    await site.command("asn", {"items": [row | {"left_on": "2001-01-01"}]}, "platform")
    async with site.client("platform") as client:
        answer = await client.delete(
            f"/enrollment/api/v1/asn/{asn_id(2)}", headers={"Idempotency-Key": uuid4().hex}
        )
    assert answer.status_code == 200
    left = await site.svc.rows("SELECT value FROM audit.personal")
    assert [row.value for row in left if any(w in row.value for w in (nip(2), "Pegawai", "Pindah"))] == []
    assert (await entries(site))[-1].erased == [asn_id(2)]
    assert await Sealer(site.app.state.runtime).seal() == 3


async def test_a_role_taken_away_tells_what_it_was(site: Site):
    row = {"asn_id": str(asn_id(2)), "role": "head", "agency_code": CITY}
    assert (await site.command("roles", {"items": [row]}, "platform")).status_code == 201
    async with site.client("platform") as client:
        path = f"/enrollment/api/v1/roles/{asn_id(2)}/head"
        assert (await client.delete(path, headers={"Idempotency-Key": uuid4().hex})).status_code == 200
    entry = (await entries(site))[-1]
    (change,) = entry.changes
    assert (change["kind"], change["before"]["role"], change["before"]["agency_code"]) == (
        "role",
        "head",
        CITY,
    )
    assert "after" not in change
    assert str(asn_id(2)) in entry.about


async def test_what_becomes_of_a_machine_is_noted_without_its_secret(site: Site):
    row = {"agency_code": CITY, "name": "SIMPEG"}
    added = (await site.command("machines", row, "platform", agency=None)).json()
    path = f"machines/{added['client_id']}"
    renewed = (await site.command(f"{path}/renew", {}, "bkd", person=CLERK)).json()
    async with site.client("platform", agency=None) as client:
        gone = await client.delete(f"/enrollment/api/v1/{path}", headers={"Idempotency-Key": uuid4().hex})
    assert gone.status_code == 200
    first, second, third = await entries(site, whom=CITY, kind="command")
    assert [one.changes[0]["kind"] for one in (first, second, third)] == ["machine"] * 3
    assert (first.changes[0]["after"]["name"], first.changes[0]["after"]["agency_code"]) == ("SIMPEG", CITY)
    assert (second.changes[0]["before"], second.changes[0]["after"]) == ({"generation": 1}, {"generation": 2})
    assert second.actor_id == asn_id(CLERK)
    assert third.changes[0]["after"] == {"revoked": True}
    rows = await site.svc.rows("SELECT to_jsonb(e)::text AS line FROM audit.entries e")
    values = await site.svc.rows("SELECT value AS line FROM audit.personal")
    for secret in (added["client_secret"], renewed["client_secret"]):
        assert [row for row in (*rows, *values) if secret in row.line] == []


ROLES = [
    (("asn",), 2, CITY),
    (("operator",), CLERK, CITY),
    (("bkd",), None, REGENCY),
    (("head",), CLERK, CITY),
    (("auditor",), None, None),
    (("platform",), None, None),
]


@pytest.mark.parametrize("who", ROLES, ids=lambda who: who[0][0])
async def test_nobody_else_is_named_without_being_noted(site: Site, who):
    """Every address is asked; whose name or NIP an answer holds stands in a reading of that request."""
    roles, person, agency = who
    for n in (2, 3, 4):
        await site.svc.receives(asked(n, SMALL), agency=CITY)
    await site.svc.receives(reported(7, PAST), agency=CITY)
    uploaded = str(await upload(site.svc))
    held = {"starts_at": "2026-12-01T01:00:00Z", "ends_at": "2026-12-01T04:00:00Z", "trainer": nip(7)}
    await site.command(f"runs/{SMALL}/change", {"sessions": [held]}, "operator")
    (session,) = await site.svc.rows("SELECT session_id FROM run_sessions")
    people = {asn_id(n): (nip(n), f"Pegawai {n}<", f'"Pegawai {n}"') for n in (*range(1, 10), 21, 22)}
    more = [f"/enrollment/angkatan/{code}" for code in (PAST, TESTED)]
    more += [f"/enrollment/api/v1/enrolments?run={SMALL}", f"/enrollment/api/v1/units?agency={CITY}"]
    more += [f"{page}/sertifikat" for page in more[:1]]
    fillers = {"reference": SMALL, "asn_id": str(asn_id(3)), "import_id": uploaded, "unit_id": str(SECTION)}
    await hands_in(site, 3)
    (credit,) = await site.svc.rows("SELECT credit_id FROM jp_credits")
    fillers |= {"credit_id": str(credit.credit_id)}
    given, speaks = UUID(int=1), Speaker(UUID(int=2), "Pegawai 3", "", "", "", UUID(int=1), asn_id(3), CITY)
    async with site.svc.sessions() as database, database.begin():
        await save_partner(database, Partner(given, "Universitas", "", "", "", "", CITY))
        await save_speaker(database, speaks)
    fillers |= {"partner_id": str(given), "speaker_id": str(speaks.speaker_id)}
    fillers |= {"session_id": str(session.session_id), "token": "x", "kind": "pegawai"}
    # Whoever holds a certificate has its code, and is nobody whose reading could be noted: here they know none.
    paths = addresses(site.app, fillers | {"code": "0" * 16, "kode": "0" * 16}, more)
    reader = asn_id(person) if person else None
    async with site.client(*roles, person=person, agency=agency) as client:
        shown = await shown_to(client, site.svc, paths, people, reader=reader)
    assert shown.escaped == []
    assert bool(shown.noted) is (roles != ("asn",))
