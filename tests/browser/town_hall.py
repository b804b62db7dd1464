"""What the town's offices do with enrollment, and where what they made is found; `build` makes all of the town."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from bina.web.access import Person, issue_task_link
from bina_local.services import signing_secret
from browser.town import (
    AGENCY,
    NAMES,
    PROGRAMMES,
    UNITS,
    Town,
    ask_for_a_correction,
    hold_trainings,
    let_them_answer,
    request,
    settle,
    spoil_two,
)
from browser.visiting import sessions_of
from enrollment.attendance import codes
from journeys.answering import open_task, open_test
from journeys.running import ZONE, Bina, eventually
from journeys.world import Asn, World, new_nip

NEIGHBOUR = "3578"


async def build(bina: Bina) -> Town:
    world = await World.begin(bina, AGENCY)
    units = [uuid4() for _ in UNITS]
    rows = [{"id": str(u), "agency_code": AGENCY, "name": n} for u, n in zip(units, UNITS, strict=True)]
    await world.operator.post("/enrollment/api/v1/units", {"items": rows})
    town = await settle(world, [str(unit) for unit in units])
    town.places["unit"] = str(units[0])
    for code, name, jp, competency in PROGRAMMES:
        await world.programme(code, name, jp=jp, competency=competency)
    await hold_trainings(town)
    await let_them_answer(town)
    await certify(town)
    await hold_sessions(town)
    await spoil_two(town)
    await ask_for_a_correction(town)
    await hand_in(town)
    await register_twice(town)
    await ask_for_people(town)
    town.places |= await find_places(town) | await import_files(town)
    return town


async def hold_sessions(town: Town) -> None:
    """A run of today in two sessions; of three participants one is marked by list, one by code."""
    today, code = town.world.bina.today(), "KINERJA-2026-03"
    sessions = [
        {
            "starts_at": datetime.combine(today, time(*begins), ZONE).isoformat(),
            "ends_at": datetime.combine(today, time(*ends), ZONE).isoformat(),
            "title": title,
            "place": "Aula BKPSDM Kota Bandung",
            "trainer": town.chief.nip,
        }
        for begins, ends, title in (
            ((8, 30), (11, 30), "Menyusun sasaran"),
            ((13, 0), (16, 0), "Praktik menyusun"),
        )
    ]
    town.runs[code] = await town.world.run(
        code, "KINERJA", sessions=sessions, attendance_percent=80, report_required=True
    )
    people = [town.attender, town.staff[22], town.staff[23]]
    await request(town, code, people)
    held = (await town.world.operator.get(f"/enrollment/api/v1/runs/{code}"))["sessions"][0]["id"]
    ids = await town.world.enrolments(town.runs[code])
    marks = {"absent": [ids[people[2].nip]["id"]]}
    await town.world.operator.post(f"/enrollment/api/v1/sessions/{held}/attendance", marks)
    await check_in(town, people[1], held)
    town.places["session"] = held


def shown_code(town: Town, session_id: str) -> str:
    """What the screen of the room shows."""
    step = codes.step_of(datetime.now(UTC))
    return codes.code_at(UUID(session_id), step, signing_secret(town.world.bina.state))


async def check_in(town: Town, asn: Asn, session_id: str) -> None:
    """Somebody types the code on a phone of their own."""
    bina = town.world.bina
    live, _lapsed = sessions_of(bina, asn.person())
    path = f"/enrollment/hadir/{session_id}"
    async with httpx.AsyncClient(base_url=bina.addresses.url, trust_env=False) as http:
        http.cookies.set("bina_session", live)
        hidden = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', (await http.get(path)).text)
        )
        answer = await http.post(path, data=hidden | {"kode": shown_code(town, session_id)})
        assert answer.status_code == 303, answer.text


async def certify(town: Town) -> None:
    """The training of half a year ago has its certificates, one of them revoked; those of this month are still to come."""
    operator, run = town.world.operator, "INFODINAS-2025-02"
    await operator.post(f"/enrollment/api/v1/runs/{run}/certificates", {})

    async def issued() -> list[Any]:
        found = (await operator.get("/enrollment/api/v1/certificates", run=run))["items"]
        return found if len(found) == 8 else []

    found = {one["asn_id"]: one["code"] for one in await eventually(issued)}
    town.places["certificate"] = found[str(town.alumnus.asn_id)]
    town.places["certificate revoked"] = found[str(town.staff[7].asn_id)]
    reason = {"reason": "Terbit untuk orang yang keliru"}
    await operator.post(
        f"/enrollment/api/v1/certificates/{town.places['certificate revoked']}/revoke", reason
    )


async def hand_in(town: Town) -> None:
    """Somebody learned elsewhere."""
    bina = town.world.bina
    live, _lapsed = sessions_of(bina, town.asn.person())
    session = {"Cookie": f"bina_session={live}"}
    async with httpx.AsyncClient(base_url=bina.addresses.url, trust_env=False, headers=session) as http:
        page = (await http.get("/enrollment/jp/ajukan")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        on = bina.today() - timedelta(days=20)
        asked = {
            "form": "seminar", "title": "Seminar Nasional Pelayanan Publik", "provider": "Kementerian PANRB",
            "number": "SEM/114/2026", "starts_on": on.isoformat(), "ends_on": on.isoformat(), "amount": "1",
        }  # fmt: skip
        files = {"evidence": ("sertifikat.pdf", b"%PDF-1.7")}
        answer = await http.post("/enrollment/jp/ajukan", data=hidden | asked, files=files)
        assert answer.status_code == 303, answer.text


async def register_twice(town: Town) -> None:
    """Somebody's record stands a second time under a NIP with one other digit, with a seat of its own."""
    alumnus = town.alumnus
    nip = f"{alumnus.nip[:-3]}9{alumnus.nip[-2:]}"  # `new_nip` gives no serial number past 900
    (twin,) = await town.world.people(["Agus Hidayat, S.Sos."], nip=nip, unit_id=town.places["unit"])
    await request(town, "INFODINAS-2026-01", [twin])


async def ask_for_people(town: Town) -> None:
    """The city asks for somebody, and somebody of the city is asked for."""
    since = town.world.bina.today().isoformat()
    bina = town.world.bina
    await World.begin(bina, NEIGHBOUR)
    for agency, nip, why in (
        (NEIGHBOUR, town.staff[8].nip, "Surat permohonan Wali Kota Surabaya nomor 800/114/2026"),
        (AGENCY, new_nip(), "Surat permohonan nomor 800/97/2026"),
    ):
        office = bina.caller(Person(uuid4(), "Kepegawaian", frozenset({"bkd"}), agency))
        await office.post("/enrollment/api/v1/transfers", {"nip": nip, "reason": why, "since": since})


async def find_places(town: Town) -> dict[str, str]:
    """What the paths of `browser.pages` name, run codes included."""
    world, platform = town.world, town.world.platform
    asn, alumnus, chief = (world.as_asn(one) for one in (town.asn, town.alumnus, town.chief))
    run = town.runs["INFODINAS-2025-02"]
    tests = await alumnus.get("/assessment/api/v1/assessments")
    answered = (await alumnus.get("/evaluation/api/v1/tasks", state="answered"))["tasks"]
    task = (await open_task(chief, "L3-SUPERVISOR", run, town.staff[6]))["task_id"]
    interview = await open_task(world.as_asn(town.evaluator), "L3-INTERVIEW", run, town.staff[4])
    (held,) = await platform.get("/enrollment/api/v1/ops/parked")
    (redrive, *_rest) = await platform.get("/enrollment/api/v1/ops/redrives")
    return {
        **{code: str(run_id) for code, run_id in town.runs.items()},
        "test": (await open_test(world, town.asn, "pre", "KINERJA-2026-01"))["assessment_id"],
        "test taken": next(test["assessment_id"] for test in tests if test["standing"] == "scored"),
        "notice": (await asn.get("/notification/api/v1/notices"))["notices"][0]["notice_id"],
        "task": task,
        "task answered": answered[0]["task_id"],
        "kept form": await keep_form(town, f"/evaluation/isi/{task}"),
        "link": issue_task_link(
            UUID(interview["task_id"]),
            signing_secret(world.bina.state),
            datetime.now(UTC) + timedelta(days=7),
        ),
        "held": str(held["id"]),
        "cause": held["cause"],
        "redrive": str(redrive["id"]),
        "credit": await credit_of(town),
        "unit": town.places["unit"],
        "person": str(town.asn.asn_id),
        **await givers(town),
        "entry": str((await platform.get("/enrollment/api/v1/ops/audit"))["items"][0]["id"]),
    }


async def givers(town: Town) -> dict[str, str]:
    """A partner and its speaker."""
    database = await town.world.bina.postgres.connect("enrollment")
    partner = await database.fetchval(
        """INSERT INTO partners (partner_id, name, kind, region, accreditation, contact, recorded_by) VALUES
        (gen_random_uuid(), 'Universitas Jambi', 'perguruan tinggi', 'Jambi', 'LAN, A', '081234567890', $1)
        RETURNING partner_id""",
        town.world.agency,
    )
    speaker = await database.fetchval(
        """INSERT INTO speakers (speaker_id, name, expertise, region, contact, partner_id, recorded_by) VALUES
        (gen_random_uuid(), 'Dr. Rahma', 'Kearsipan', 'Salatiga', 'rahma@uksw.example', $1, $2) RETURNING speaker_id""",
        partner,
        town.world.agency,
    )
    await database.close()
    return {"partner": str(partner), "speaker": str(speaker)}


async def credit_of(town: Town) -> str:
    """What the ASN handed in."""
    (mine,) = re.findall(
        r"/enrollment/pengajuan-jp/([0-9a-f-]{36})/bukti", await page_of(town, "/enrollment/jp/ajukan")
    )
    return str(mine)


async def page_of(town: Town, path: str) -> str:
    """A page as the ASN sees it."""
    live, _lapsed = sessions_of(town.world.bina, town.asn.person())
    session = {"Cookie": f"bina_session={live}"}
    async with httpx.AsyncClient(
        base_url=town.world.bina.addresses.url, trust_env=False, headers=session
    ) as http:
        return (await http.get(path)).text


async def import_files(town: Town) -> dict[str, str]:
    """One file in each state: columns unknown, checked with faults and a decision by hand, under way, applied, undone."""
    caller, agency = town.world.as_asn(town.operator, "operator"), town.world.agency
    database = await town.world.bina.postgres.connect("enrollment")
    by_hand = "INSERT INTO hand_edits (asn_id, field) VALUES ($1, 'position')"
    await database.execute(by_hand, town.staff[21].asn_id)
    people = [(asn.nip, asn.name, agency, "Arsiparis Ahli Muda", "III/c") for asn in town.staff[20:24]]
    new = [(new_nip(), name, agency, "Pengelola Keuangan", "II/b") for name in NAMES[:12]]
    wrong = [
        ("1.98703E+17", "Yanto", agency, "", ""),
        ("1987", "Rina Marlina", agency, "", "III/z"),
        (new_nip(), "", agency, "=1+2", ""),
    ]
    head = ("NIP", "Nama", "Kode Instansi", "Jabatan", "Golongan")

    async def upload(name: str, kind: str, *rows: tuple[str, ...], **more: str) -> dict[str, Any]:
        content = "\n".join(";".join(row) for row in rows).encode("utf-8-sig")
        query = {"agency": agency, "kind": kind, "name": name} | more
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/octet-stream"}
        answer = await caller.http.post(
            "/enrollment/api/v1/imports", params=query, content=content, headers=headers
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def do(what: str, one: dict[str, Any], body: Any, ends_as: str) -> None:
        await caller.post(f"/enrollment/api/v1/imports/{one['id']}/{what}", body)

        async def is_over() -> bool:
            found = await caller.get(f"/enrollment/api/v1/imports/{one['id']}")
            return bool(found["state"] == ends_as)

        await eventually(is_over)

    undone = await upload("mutasi-januari.csv", "pegawai", head, *people[2:])
    await do("apply", undone, {"plan": undone["plan"]}, "applied")
    await do("undo", undone, {}, "undone")
    applied = await upload("mutasi-februari.csv", "pegawai", head, people[3], *wrong)
    await do("apply", applied, {"plan": applied["plan"]}, "applied")
    checked = await upload("pegawai-baru-dan-mutasi-2026.csv", "pegawai", head, *people, *new, *wrong)
    unknown = ("No Pokok", "Kode Angkatan", "Tgl. Daftar", "Catatan")
    columns = await upload(
        "peserta.csv", "pendaftaran", unknown, (town.asn.nip, "KINERJA-2026-02", "1-2-2026", "")
    )
    working = await upload("pegawai-baru.csv", "pegawai", head, *new)
    await database.execute(
        "UPDATE imports SET state = 'applying', applied = 5, confirmed_at = now() WHERE import_id = $1",
        UUID(working["id"]),
    )
    seats = [(asn.nip, "KINERJA-2026-01") for asn in [*town.staff[:9], town.staff[20]]]
    listed = await upload(
        "peserta-lengkap.csv", "pendaftaran", ("NIP", "Kode Angkatan"), *seats, replace="true"
    )
    balances = [(asn.nip, "2025", str(6 + n), "SK 800/12/2025") for n, asn in enumerate(town.staff[10:16])]
    tried = await upload("saldo-2025.csv", "saldo-jp", ("NIP", "Tahun", "JP", "Sumber"), *balances)
    await database.execute("UPDATE imports SET sandbox = true WHERE import_id = $1", UUID(tried["id"]))
    await database.close()
    found = {
        "listed": listed,
        "tried": tried,
        "columns": columns,
        "checked": checked,
        "applying": working,
        "applied": applied,
        "undone": undone,
    }
    return {f"import {state}": str(one["id"]) for state, one in found.items()}


async def keep_form(town: Town, path: str) -> str:
    """The chief sends a form when the session is over; gives the id under which it is kept."""
    bina = town.world.bina
    live, lapsed = sessions_of(bina, town.chief.person("supervisor"))
    async with httpx.AsyncClient(base_url=bina.addresses.url, trust_env=False) as http:
        page = (await http.get(path, headers={"Cookie": f"bina_session={live}"})).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        chosen = dict(re.findall(r'<input type="radio" name="(\w+)" value="(\w+)"', page))
        late = await http.post(path, data=hidden | chosen, headers={"Cookie": f"bina_session={lapsed}"})
    return str(httpx.URL(late.headers["location"]).params["lanjut"]).rsplit("/", 1)[-1]
