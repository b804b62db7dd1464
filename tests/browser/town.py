"""A small agency for people to look at: units, employees, trainings that ended, run today and are to come."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from bina_local.publication import RawRecord
from browser.visiting import sessions_of
from journeys.agency import REQUEST, RESULT
from journeys.answering import answer_task, take_test
from journeys.running import eventually
from journeys.world import Asn, World

AGENCY = "3273"
UNITS = (
    "Dinas Kependudukan dan Pencatatan Sipil",
    "Dinas Kesehatan",
    "Badan Kepegawaian dan Pengembangan Sumber Daya Manusia",
    "Dinas Pekerjaan Umum dan Penataan Ruang",
)
NAMES = (
    "Rini Astuti, S.Kom.",
    "Agus Hidayat, S.Sos.",
    "Euis Komariah",
    "Dadan Ramdani, A.Md.",
    "Neneng Hasanah, S.E.",
    "Yayan Sopyan",
    "dr. Ratna Juwita Kusumaningrum",
    "Cecep Supriatna, S.Kep.",
    "Lilis Suryani, A.Md.Keb.",
    "Iwan Setiawan",
    "Tuti Alawiyah, S.K.M.",
    "Asep Saepudin",
    "Wawan Gunawan, S.STP.",
    "Ida Rosida, S.Psi., M.M.",
    "Deni Kurnia",
    "Nunung Nurhayati, S.E.",
    "Ujang Suherman",
    "Hj. Siti Maryam Purnamasari Wiradiredja, S.H.",
    "Rudi Hermawan, S.T.",
    "Enok Sumiati",
    "Ade Rukmana, S.T.",
    "Yeni Marlina, A.Md.",
    "Dian Permana",
    "Oman Abdurahman",
)
POSITIONS = ("Pranata Komputer Ahli Pertama", "Analis Kebijakan Ahli Muda", "Pengadministrasi Umum")
PROGRAMMES = (
    ("INFODINAS", "Pengamanan Informasi Dinas", 24, "T5"),
    ("LAYANAN", "Pelayanan Publik Prima", 16, "M5"),
    ("KINERJA", "Penyusunan Sasaran Kinerja Pegawai", 10, "T6"),
)


@dataclass
class Town:
    """Who plays which part."""

    world: World
    staff: list[Asn]
    chief: Asn
    head: Asn
    operator: Asn
    evaluator: Asn
    platform: Asn
    runs: dict[str, UUID] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """What stands in braces in a page's path: identities that services gave."""

    @property
    def asn(self) -> Asn:
        return self.staff[0]

    @property
    def bkd(self) -> Asn:
        """Moves people between agencies and keeps one record of each: the head's office."""
        return self.head

    @property
    def attender(self) -> Asn:
        """Takes part in the run of today that has sessions."""
        return self.staff[21]

    @property
    def alumnus(self) -> Asn:
        """Has answered forms and taken a test."""
        return self.staff[1]


async def settle(world: World, units: list[str]) -> Town:
    (chief,) = await world.people(
        ["Drs. H. Tatang Sumarna, M.Si."], unit_id=units[0], position="Kepala Bidang", job_level="Administrator"
    )  # fmt: skip
    staff: list[Asn] = []
    for number, unit in enumerate(units):
        names = NAMES[number * 6 : number * 6 + 6]
        position = POSITIONS[number % len(POSITIONS)]
        staff += await world.people(names, unit_id=unit, supervisor=chief, position=position)
    head, operator, evaluator, platform = await world.people(
        ["Ir. Sri Mulyani Wijaya, M.T.", "Fajar Nugraha, S.Kom.", "Dra. Mimin Mintarsih", "Gilang Ramadhan"],
        unit_id=units[2],
    )
    granted = (
        (staff[0], "asn", "Pegawai dengan pelatihan, tes, dan tugas menilai"),
        (chief, "asn", "Atasan yang menilai bawahannya"),
        (head, "head", "Kepala BKPSDM: dampak dan pemerataan"),
        (operator, "operator", "Mendaftarkan pegawai dan mengisi presensi"),
        (evaluator, "evaluator", "Mewawancarai alumni"),
        (platform, "platform", "Memantau aliran pesan"),
    )
    for year in (world.bina.today().year - 1, world.bina.today().year):
        said = {"agency_code": AGENCY, "year": year, "complete": True, "source": "SIMPEG"}
        await world.platform.post("/enrollment/api/v1/jp-histories", said)
    roles = [{"asn_id": str(asn.asn_id), "role": role, "agency_code": AGENCY, "shows": shows} for asn, role, shows in granted]  # fmt: skip
    await world.platform.post("/enrollment/api/v1/roles", {"items": roles})
    return Town(world, staff, chief, head, operator, evaluator, platform)


async def hold_trainings(town: Town) -> None:
    """Two half a year ago (one whose interviews nobody was appointed to), one this year, one today, three to come."""
    today, run = town.world.bina.today(), town.world.run
    for code, programme, days, columns in (
        ("INFODINAS-2025-02", "INFODINAS", -195, {}),
        ("KINERJA-2025-02", "KINERJA", -190, {}),
        ("LAYANAN-2026-01", "LAYANAN", -12, {}),
        ("KINERJA-2026-01", "KINERJA", 0, {"seats": 30, "location": "Aula BKPSDM Kota Bandung"}),
        ("INFODINAS-2026-01", "INFODINAS", 14, {"seats": 30, "pass_score": 70, "mode": "Daring"}),
        ("LAYANAN-2026-02", "LAYANAN", 21, {"seats": 1, "location": "Gedung Balai Kota, Lantai 3"}),
        ("KINERJA-2026-02", "KINERJA", 40, {"seats": 25}),
    ):
        starts_on = (today + timedelta(days=days)).isoformat()
        town.runs[code] = await run(code, programme, starts_on=starts_on, **columns)
    await report(town, "INFODINAS-2025-02", town.staff[:8], days_ago=195, jp=24)
    await report(town, "KINERJA-2025-02", town.staff[8:10], days_ago=190, jp=10)
    await report(town, "LAYANAN-2026-01", [*town.staff[:9], *town.staff[12:14]], days_ago=12, jp=16)
    await report(town, "KINERJA-2026-01", [], days_ago=0, jp=10)
    await request(town, "KINERJA-2026-01", town.staff[:12])
    await request(town, "LAYANAN-2026-02", town.staff[1:4])


async def report(town: Town, run: str, people: list[Asn], *, days_ago: int, jp: int) -> None:
    """The organiser's results, as its own system tells them."""
    ended = (town.world.bina.today() - timedelta(days=days_ago)).isoformat()
    system = town.world.system
    records = [
        system.record(
            RESULT,
            {
                "nip": asn.nip,
                "run_code": run,
                "result": "passed",
                "completed_on": ended,
                "jp": jp,
                "pre_score": 42.0 + 3 * number,
                "post_score": 74.0 + 2 * number,
                "certificate_number": f"800/{number + 1:03}/{run}",
            },
        )
        for number, asn in enumerate(people)
    ]
    await accepted(town, records)


async def request(town: Town, run: str, people: list[Asn]) -> None:
    system = town.world.system
    await accepted(town, [system.record(REQUEST, {"nip": asn.nip, "run_code": run}) for asn in people])


async def accepted(town: Town, records: list[RawRecord]) -> None:
    ids = await town.world.system.publish(records)
    answers = await town.world.system.answers(ids)
    refused = [a for id_ in ids for a in answers[id_] if a["outcome"] not in ("accepted", "waitlisted")]
    assert not refused, refused


async def let_them_answer(town: Town) -> None:
    """Most alumni and the supervisor answer about the training of half a year ago; some do not."""
    run_id = town.runs["INFODINAS-2025-02"]
    body = {"run_id": str(run_id), "evaluators": [town.evaluator.nip]}

    async def appointed() -> bool:
        return (await town.world.operator.send("/evaluation/api/v1/evaluators", body)).status_code == 201

    await eventually(appointed)
    chief = town.world.as_asn(town.chief)
    for number, asn in enumerate(town.staff[1:7]):
        await answer_task(town.world.as_asn(asn), "L3-ALUMNUS", run_id, asn, scale=2 + number % 3)
    for number, asn in enumerate(town.staff[1:6]):
        await answer_task(chief, "L3-SUPERVISOR", run_id, asn, scale=3 if number % 2 else 2)
    reaction = town.runs["LAYANAN-2026-01"]
    for asn in town.staff[1:8]:
        await answer_task(town.world.as_asn(asn), "L1-REACTION", reaction, asn, scale=3)
    for number, asn in enumerate(town.staff[1:7]):
        await take_test(town.world, asn, "pre", "KINERJA-2026-01", right=2 + number % 4)


async def spoil_two(town: Town) -> None:
    """Messages that nobody could read: one was tried again in vain, the other discarded."""
    system, platform = town.world.system, town.world.platform
    record = system.record(REQUEST, {"nip": town.asn.nip, "run_code": "KINERJA-2026-02"})
    cut = [RawRecord(record.topic, record.key, record.headers, body) for body in (b'{"nip": "1980', b"{")]
    await system.publish(cut)

    async def parked() -> list[Any]:
        found = await platform.get("/enrollment/api/v1/ops/parked")
        ours = [held for held in found if held["topic"] == system.inbound]
        return ours if len(ours) == len(cut) else []

    held = await eventually(parked)
    reason = {"reason": "Pengirim mengirimnya lagi dengan benar"}
    await platform.post(f"/enrollment/api/v1/ops/parked/{held[1]['id']}/discard", reason)
    order = {"message": held[0]["id"]}
    again = await platform.post("/enrollment/api/v1/ops/redrives", order)

    async def is_over() -> bool:
        job = await platform.get(f"/enrollment/api/v1/ops/redrives/{again['id']}")
        return bool(job["state"] != "running")

    await eventually(is_over)


async def ask_for_a_correction(town: Town) -> None:
    """The alumnus finds a mistake in their record."""
    bina = town.world.bina
    live, _lapsed = sessions_of(bina, town.alumnus.person())
    session = {"Cookie": f"bina_session={live}"}
    async with httpx.AsyncClient(base_url=bina.addresses.url, trust_env=False, headers=session) as http:
        page = (await http.get("/data-saya")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        wrong = {"field": "position", "wanted": "Analis Kebijakan Ahli Muda", "reason": "SK 821/114/2026"}
        assert (await http.post("/data-saya/perbaikan", data=hidden | wrong)).status_code == 303
