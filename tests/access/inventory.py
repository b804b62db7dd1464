"""How to ask each route: what its path takes, what it is sent, whose record that is.

A route that is not here fails `test_table.py`; add a line to `ROUTES` with the records it is tried with and a function
that fills it. Paths are as the application writes them, `*` for the service where every service has the route.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from bina.messaging import clock

from . import people
from .people import HERE, INTERVIEWER, OURS, REPORT, STRANGER, THERE, Asn, Record, id_of

AGENCIES = (Record("own", agency=HERE), Record("foreign", agency=THERE))
NOTHING: tuple[None, ...] = (None,)
"""A route that is about no record: a list, a form of one's own."""


@dataclass(frozen=True)
class Ask:
    """One request: values of the path, query, JSON body or form."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """The records a route is tried with, and how each fills it.

    `shows` is the action by which names may stand in the answer, if not the route's own; `names` are of those whom the
    asker works for, whatever the table says; `meets` is a status with which a rule of the field ends what was let in.
    """

    records: Sequence[Record | None] = NOTHING
    fill: Callable[["World", Any], Ask] = lambda _world, _record: Ask()
    shows: str = ""
    names: tuple[Asn, ...] = ()
    meets: int = 0


@dataclass(frozen=True)
class World:
    """Ids that a service gave itself, by person: tests, tasks, notices; and of what operations show."""

    of: Mapping[str, UUID] = field(default_factory=dict)
    held: int = 0
    cause: str = ""
    redrive: int = 0
    entry: int = 0
    kept_id: UUID | None = None
    interviews: Mapping[str, UUID] = field(default_factory=dict)
    machines: Mapping[str, UUID] = field(default_factory=dict)
    imports: Mapping[str, UUID] = field(default_factory=dict)
    enrolments: Mapping[str, UUID] = field(default_factory=dict)
    certificates: Mapping[str, str] = field(default_factory=dict)
    """Codes, which are their numbers too."""
    credits: Mapping[str, UUID] = field(default_factory=dict)


def _place(record: Record) -> UUID | None:
    return record.units[-1] if record.units else None


def _asn_row(_world: World, record: Record) -> Ask:
    number = f"{uuid4().int % 1000:03d}"
    row = {"nip": f"199003032015011{number}", "name": "Orang Baru", "agency_code": record.agency}
    return Ask(json={"items": [row | {"unit_id": str(_place(record))}]})


def _unit_row(_world: World, record: Record) -> Ask:
    row = {"id": str(uuid4()), "agency_code": record.agency, "name": "Unit Baru"}
    return Ask(json={"items": [row | {"parent_id": str(_place(record))}]})


def _run_row(_world: World, record: Record) -> Ask:
    assert record.run is not None
    day = clock.today().isoformat()
    row = {"code": f"X-{uuid4().hex[:8]}", "programme": "AKS", "organiser": record.run.organiser}
    return Ask(json={"items": [row | {"starts_on": day, "ends_on": day}]})


def _run_command(body: dict[str, Any]) -> Callable[[World, Any], Ask]:
    return lambda _world, record: Ask({"reference": record.run.code}, json=body)


def _programme(_world: World, record: Record) -> Ask:
    code = "ASING" if record.agency != HERE else f"P{uuid4().hex[:6]}"
    return Ask(json={"items": [{"code": code, "name": "Program", "jp": 10}]})


def _credit(**form: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"credit_id": world.credits[record.asn.key]}, form=form)


def _opening(_world: World, record: Record) -> Ask:
    row = {"nip": record.asn.nip, "year": clock.today().year, "jp": 4, "source": "SIMPEG"}
    return Ask(json={"items": [row]})


def _seat(_world: World, record: Record) -> Ask:
    own = record.asn is people.ASKER
    return Ask(json={"run": OURS.code} | ({} if own else {"nip": record.asn.nip}))


def _seat_form(_world: World, record: Record) -> Ask:
    own = record.asn is people.ASKER
    return Ask({"reference": OURS.code}, form={} if own else {"nip": record.asn.nip})


def _machine(world: World, record: Record) -> Ask:
    return Ask({"machine_id": world.machines[record.agency]})


def _events(_world: World, record: Record) -> Ask:
    data = {"nip": "199003032015011001", "run_code": "TIADA-1"}
    event = {"specversion": "1.0", "id": str(uuid4()), "source": "simpeg", "type": "enrollment.requested.v1"}
    event |= {"time": clock.now().isoformat(), "data": data}
    return Ask(query={"agency": record.agency}, json=[event])


def _import(json: Any = None, **more: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"import_id": world.imports[record.agency], **more}, json=json)


def _enrolment(body: dict[str, Any]) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"enrollment_id": world.enrolments[record.label]}, json=body)


def _correction(world: World, record: Record) -> Ask:
    body = {"completed": False, "jp": 0, "completed_on": clock.today().isoformat(), "reason": "Salah baris"}
    return Ask({"enrollment_id": world.enrolments[record.label]}, json=body)


def _withdraw_form(world: World, record: Record) -> Ask:
    return Ask({"reference": record.run.code}, form={"enrollment_id": world.enrolments[record.label]})


def _certificate(name: str, json: Any = None) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({name: world.certificates[record.label]}, json=json)


def _revocation(world: World, record: Record) -> Ask:
    number = next(world.certificates[one.label] for one in people.ENROLMENTS if one.run is record.run)
    return Ask({"reference": record.run.code}, form={"number": number, "reason": "Salah orang"})


def _attendance(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(json={"enrollments": chosen[:1], "met_on": clock.today().isoformat()})


def _attendance_form(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    form = {f"attendance.{chosen[0]}": "met", "met_on": clock.today().isoformat()}
    return Ask({"reference": record.run.code}, form=form)


def _session(json: Any = None, **form: object) -> Tried:
    """A session of a run, which is in reach as the run's organiser or as who teaches it."""
    return Tried(people.ORGANISED, lambda _world, record: Ask(_path_of(record), json=json, form=form))


def _path_of(record: Record) -> dict[str, object]:
    assert record.run is not None
    return {"reference": record.run.code, "session_id": id_of("session", record.run.code)}


def _session_marks(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(_path_of(record), json={"present": chosen[:1]})


def _session_list(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    return Ask(_path_of(record), form={f"attendance.{chosen[-1]}": "absent"})


def _received(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(_path_of(record), json={"enrollments": chosen[:1]})


def _received_form(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    return Ask(
        _path_of(record), form={f"received.{chosen[0]}": "1", "received_on": clock.today().isoformat()}
    )


def _own_session() -> Tried:
    return Tried(fill=lambda _world, _none: Ask({"session_id": id_of("session", people.THEIRS.code)}))


def _of(name: str, json: Any = None, form: Mapping[str, object] | None = None) -> Callable[[World, Any], Ask]:
    """The record that a service made for a person: a test, a task, a notice."""
    return lambda world, record: Ask({name: world.of[record.asn.key]}, json=json, form=form or {})


def _held(json: Any = None, form: Mapping[str, object] | None = None) -> Tried:
    return Tried(fill=lambda world, _none: Ask({"held_id": world.held}, json=json, form=form or {}))


def _cause(json: Any = None, form: Mapping[str, object] | None = None) -> Tried:
    return Tried(fill=lambda world, _none: Ask({"cause": world.cause}, json=json, form=form or {}))


def _redrive() -> Tried:
    return Tried(fill=lambda world, _none: Ask({"redrive_id": world.redrive}))


def _sent(json: Any = None, **form: object) -> Tried:
    return Tried(fill=lambda _world, _none: Ask(json=json, form=form))


def _file(form: str = "csv") -> Tried:
    return Tried(fill=lambda _world, _none: Ask({"form": form}))


def _entry() -> Tried:
    return Tried(fill=lambda world, _none: Ask({"entry_id": world.entry}))


REASON = {"reason": "Salah kirim sejak awal"}
RATE = {"per_second": 5}
INVENTORY_OF_OPERATIONS = {
    "GET /*/potongan/data-saya": Tried(),
    "GET /*/api/v1/me/data": Tried(),
    "GET /*/lanjutkan/{kept_id}": Tried(fill=lambda world, _none: Ask({"kept_id": world.kept_id})),
    "GET /*/langsung": Tried(meets=422),  # a page's token is missing, and without it the answer has an end
    "GET /*/api/v1/ops/status": Tried(),
    "GET /*/api/v1/ops/backlog": Tried(),
    "GET /*/api/v1/ops/parked/groups": Tried(),
    "GET /*/api/v1/ops/parked": Tried(),
    "GET /*/api/v1/ops/parked/{held_id}": _held(),
    "GET /*/api/v1/ops/redrives": Tried(),
    "GET /*/api/v1/ops/redrives/{redrive_id}": _redrive(),
    "GET /*/ops": Tried(),
    "GET /*/ops/dibuang": Tried(),
    "GET /*/ops/kelompok.{form}": _file(),
    "GET /*/ops/gagal/{held_id}": _held(),
    "GET /*/ops/kelompok/{cause}": _cause(),
    "GET /*/ops/pengulangan": Tried(),
    "GET /*/ops/pengulangan/{redrive_id}": _redrive(),
    "GET /*/api/v1/ops/audit": Tried(),
    "GET /*/api/v1/ops/audit/{entry_id}": _entry(),
    "GET /*/api/v1/ops/audit/export": Tried(),
    "GET /*/ops/audit": Tried(),
    "GET /*/ops/audit/{entry_id}": _entry(),
    "GET /*/ops/audit/ekspor.{form}": _file(),
    "GET /*/ops/audit/ekspor.jsonl": Tried(),
    "POST /*/api/v1/ops/redrives": _sent({"all": True, "per_second": 5}),
    "POST /*/api/v1/ops/redrives/{redrive_id}/cancel": _redrive(),
    "POST /*/api/v1/ops/parked/{held_id}/redrive": _held(),
    "POST /*/ops/ulangi": _sent(**RATE),
    "POST /*/ops/gagal/{held_id}/ulangi": _held(form=RATE),
    "POST /*/ops/kelompok/{cause}/ulangi": _cause(form=RATE),
    "POST /*/ops/pengulangan/{redrive_id}/hentikan": _redrive(),
    "POST /*/api/v1/ops/parked/groups/{cause}/discard": _cause(REASON | {"newest": 0}),
    "POST /*/ops/kelompok/{cause}/buang": _cause(form=REASON | {"newest": 0}),
    "POST /*/ops/gagal/{held_id}/buang": _held(form=REASON | {"newest": 0}),
    "POST /*/api/v1/ops/parked/{held_id}/discard": _held(REASON | {"newest": 0}),
}
ENROLLMENT = {
    "GET /ops": Tried(),
    "GET /beranda": Tried(),
    "GET /data-saya": Tried(),
    "POST /data-saya/perbaikan": _sent(field="name", wanted="Nama Baru", reason="Akta"),
    "POST /data-saya/hapus": _sent(reason="Sudah pensiun"),
    "GET /enrollment/perbaikan": Tried(),
    "POST /enrollment/perbaikan/{request_id}/terima": Tried(people.PERSONS, _of("request_id")),
    "POST /enrollment/perbaikan/{request_id}/tolak": Tried(
        people.PERSONS, _of("request_id", form={"answer": "Tanpa bukti"})
    ),
    "GET /enrollment/katalog": Tried(),
    "GET /enrollment/angkatan/{reference}": Tried(
        people.TAUGHT, lambda _w, r: Ask({"reference": r.run.code}), "enrolment.list"
    ),
    "GET /enrollment/angkatan/{reference}/presensi": _session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}": _session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/cetak": _session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/kode": _session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/periksa": _session(),
    "GET /enrollment/angkatan/{reference}/laporan": _session(),
    "GET /enrollment/hadir": Tried(),
    "GET /enrollment/kalender": Tried(),
    "GET /enrollment/kalender.ics": Tried(),
    "POST /enrollment/kalender": Tried(),
    "GET /enrollment/angkatan/{reference}/jadwal.ics": Tried(
        fill=lambda _w, _none: Ask({"reference": OURS.code})
    ),
    "GET /enrollment/hadir/{session_id}": _own_session(),
    "GET /enrollment/api/v1/sessions/{session_id}/attendance": _session(),
    "POST /enrollment/angkatan/{reference}/presensi/{session_id}": Tried(people.ORGANISED, _session_list),
    "POST /enrollment/angkatan/{reference}/presensi/{session_id}/periksa": Tried(
        people.ORGANISED, lambda _w, r: Ask(_path_of(r), form={f"face.{id_of('none')}": "right"})
    ),
    "POST /enrollment/angkatan/{reference}/tetapkan": _session(),
    "POST /enrollment/angkatan/{reference}/laporan": Tried(people.ORGANISED, _received_form),
    "POST /enrollment/angkatan/{reference}/laporan-saya": Tried(
        fill=lambda _w, _none: Ask({"reference": people.THEIRS.code}, form={"content": "Laporan"})
    ),
    "POST /enrollment/hadir/{session_id}": _own_session(),
    "POST /enrollment/api/v1/sessions/{session_id}/attendance": Tried(people.ORGANISED, _session_marks),
    "POST /enrollment/api/v1/runs/{reference}/attendance/settle": _session(),
    "POST /enrollment/api/v1/runs/{reference}/reports": Tried(people.ORGANISED, _received),
    "GET /enrollment/jp": Tried(),
    "GET /enrollment/jp.{form}": _file(),
    "GET /enrollment/jp/ajukan": Tried(),
    "POST /enrollment/jp/ajukan": Tried(meets=422),
    "POST /enrollment/jp/ajukan/{credit_id}/cabut": Tried(
        people.PERSONS[:1], lambda world, r: Ask({"credit_id": world.credits[r.asn.key]})
    ),
    "GET /enrollment/pengajuan-jp": Tried(),
    "GET /enrollment/pengajuan-jp.{form}": _file(),
    "GET /enrollment/pengajuan-jp/{credit_id}": Tried(people.PERSONS, _credit()),
    "GET /enrollment/pengajuan-jp/{credit_id}/bukti": Tried(people.PERSONS, _credit()),
    "POST /enrollment/pengajuan-jp/{credit_id}/setujui": Tried(people.PERSONS, _credit(jp="4")),
    "POST /enrollment/pengajuan-jp/{credit_id}/koreksi": Tried(
        people.PERSONS, _credit(jp="3", answer="Salah hitung")
    ),
    "POST /enrollment/pengajuan-jp/{credit_id}/tolak": Tried(people.PERSONS, _credit(answer="Tidak terbaca")),
    "GET /enrollment/instansi": Tried(),
    "GET /enrollment/katalog.{form}": _file(),
    "GET /enrollment/angkatan/{reference}/peserta.{form}": Tried(
        people.TAUGHT, lambda _w, r: Ask({"reference": r.run.code, "form": "csv"}), "enrolment.list"
    ),
    "GET /enrollment/instansi.{form}": _file(),
    "GET /enrollment/instansi/tertinggal.{form}": _file(),
    "GET /enrollment/api/v1/agencies": Tried(),
    "GET /enrollment/api/v1/units": Tried(people.PLACES, lambda _w, r: Ask(query={"agency": r.agency})),
    "GET /enrollment/api/v1/asn": Tried(),
    "GET /enrollment/api/v1/programmes": Tried(),
    "GET /enrollment/api/v1/runs": Tried(),
    "GET /enrollment/api/v1/runs/{reference}": Tried(
        people.TAUGHT, lambda _w, r: Ask({"reference": r.run.code})
    ),
    "GET /enrollment/api/v1/enrolments": Tried(),
    "GET /enrollment/api/v1/jp/shares": Tried(),
    "POST /enrollment/api/v1/jp-openings": Tried(people.PERSONS, _opening),
    "POST /enrollment/api/v1/jp-histories": Tried(
        AGENCIES,
        lambda _w, r: Ask(json={"agency_code": r.agency, "year": 2026, "complete": True, "source": "SIMPEG"}),
    ),
    "POST /enrollment/instansi/riwayat": Tried(
        AGENCIES, lambda _w, r: Ask(form={"instansi": r.agency, "tahun": "2026", "sumber": "SIMPEG"})
    ),
    "GET /enrollment/api/v1/machines": Tried(),
    "GET /enrollment/impor": Tried(),
    "GET /enrollment/impor/baru": Tried(),
    "GET /enrollment/impor/templat/{kind}.{form}": Tried(
        fill=lambda _world, _none: Ask({"kind": "pegawai", "form": "csv"})
    ),
    "GET /enrollment/impor/{import_id}": Tried(AGENCIES, _import()),
    "GET /enrollment/impor/{import_id}/berkas": Tried(AGENCIES, _import()),
    "GET /enrollment/impor/{import_id}/ditolak.{form}": Tried(AGENCIES, _import(form="csv")),
    "GET /enrollment/impor/{import_id}/masalah.{form}": Tried(AGENCIES, _import(form="csv")),
    "POST /enrollment/impor/baru": Tried(
        AGENCIES, lambda _w, record: Ask(form={"kind": "pegawai", "agency": record.agency}), meets=422
    ),
    "POST /enrollment/impor/{import_id}/periksa": Tried(AGENCIES, _import()),
    "POST /enrollment/impor/{import_id}/terapkan": Tried(AGENCIES, _import()),
    "POST /enrollment/impor/{import_id}/batalkan": Tried(AGENCIES, _import()),
    "GET /enrollment/api/v1/imports": Tried(),
    "GET /enrollment/api/v1/imports/{import_id}": Tried(AGENCIES, _import()),
    "GET /enrollment/api/v1/imports/{import_id}/rows": Tried(AGENCIES, _import()),
    "GET /enrollment/api/v1/imports/{import_id}/file": Tried(AGENCIES, _import()),
    "GET /enrollment/api/v1/imports/{import_id}/refused.{form}": Tried(AGENCIES, _import(form="csv")),
    "POST /enrollment/api/v1/imports": Tried(
        AGENCIES,
        lambda _w, record: Ask(query={"agency": record.agency, "kind": "pegawai", "name": "a.csv"}, json={}),
        meets=422,
    ),
    "POST /enrollment/api/v1/imports/{import_id}/apply": Tried(AGENCIES, _import({"plan": "0" * 64})),
    "POST /enrollment/api/v1/imports/{import_id}/check": Tried(AGENCIES, _import({})),
    "POST /enrollment/api/v1/imports/{import_id}/undo": Tried(AGENCIES, _import()),
    "GET /enrollment/api/v1/jp/{asn_id}": Tried(people.PERSONS, lambda _w, r: Ask({"asn_id": r.asn.asn_id})),
    "POST /enrollment/api/v1/agencies": _sent({"code": "9999", "name": "Instansi Baru"}),
    "POST /enrollment/api/v1/roles": _sent(
        {"items": [{"asn_id": str(INTERVIEWER.asn_id), "role": "evaluator", "agency_code": HERE}]}
    ),
    "DELETE /enrollment/api/v1/roles/{asn_id}/{role}": Tried(
        fill=lambda _world, _none: Ask({"asn_id": INTERVIEWER.asn_id, "role": "evaluator"})
    ),
    "DELETE /enrollment/api/v1/accounts/{asn_id}": Tried(
        fill=lambda _world, _none: Ask({"asn_id": INTERVIEWER.asn_id})
    ),
    "POST /enrollment/api/v1/machines": Tried(
        AGENCIES, lambda _w, r: Ask(json={"agency_code": r.agency, "name": "SIMPEG"})
    ),
    "POST /enrollment/api/v1/machines/{machine_id}/renew": Tried(AGENCIES, _machine),
    "DELETE /enrollment/api/v1/machines/{machine_id}": Tried(AGENCIES, _machine),
    "POST /enrollment/api/v1/events": Tried(AGENCIES, _events),
    "POST /enrollment/api/v1/units": Tried(people.PLACES, _unit_row),
    "POST /enrollment/api/v1/asn": Tried(people.PLACES, _asn_row),
    "POST /enrollment/api/v1/programmes": Tried(AGENCIES, _programme),
    "POST /enrollment/api/v1/runs": Tried(people.ORGANISED, _run_row),
    "POST /enrollment/api/v1/enrolments": Tried(people.PERSONS, _seat),
    "POST /enrollment/angkatan/{reference}/daftar": Tried(people.PERSONS, _seat_form),
    "POST /enrollment/api/v1/attendance": Tried(people.ORGANISED, _attendance),
    "POST /enrollment/angkatan/{reference}/presensi": Tried(people.ORGANISED, _attendance_form),
    "POST /enrollment/api/v1/results/{enrollment_id}/correct": Tried(people.ENROLMENTS, _correction),
    "POST /enrollment/api/v1/enrolments/{enrollment_id}/withdraw": Tried(people.ENROLMENTS, _enrolment({})),
    "POST /enrollment/angkatan/{reference}/batal": Tried(people.ENROLMENTS, _withdraw_form),
    "POST /enrollment/api/v1/runs/{reference}/change": Tried(people.ORGANISED, _run_command({"seats": 40})),
    "POST /enrollment/api/v1/runs/{reference}/conclude": Tried(people.ORGANISED, _run_command({})),
    "POST /enrollment/api/v1/runs/{reference}/cancel": Tried(
        people.ORGANISED, _run_command({"reason": "Narasumber berhalangan"})
    ),
    "GET /enrollment/sertifikat/{kode}": Tried(people.ENROLMENTS, _certificate("kode")),
    "GET /enrollment/angkatan/{reference}/sertifikat": Tried(people.ORGANISED, _run_command({})),
    "GET /enrollment/angkatan/{reference}/sertifikat/daftar.{form}": Tried(
        people.ORGANISED, lambda _w, r: Ask({"reference": r.run.code, "form": "csv"})
    ),
    "GET /enrollment/angkatan/{reference}/sertifikat/semua.zip": Tried(people.ORGANISED, _run_command({})),
    "GET /enrollment/api/v1/certificates": Tried(
        people.ORGANISED, lambda _w, r: Ask(query={"run": r.run.code})
    ),
    "GET /enrollment/api/v1/runs/{reference}/certificates": Tried(people.ORGANISED, _run_command({})),
    "GET /enrollment/api/v1/certificates/{code}/pdf": Tried(people.ENROLMENTS, _certificate("code")),
    "POST /enrollment/angkatan/{reference}/sertifikat": Tried(people.ORGANISED, _run_command({})),
    "POST /enrollment/angkatan/{reference}/sertifikat/cabut": Tried(people.ORGANISED, _revocation, meets=422),
    "POST /enrollment/api/v1/runs/{reference}/certificates": Tried(people.ORGANISED, _run_command({})),
    "POST /enrollment/api/v1/certificates/{code}/revoke": Tried(
        people.ENROLMENTS, _certificate("code", {"reason": "Salah orang"})
    ),
    "POST /enrollment/api/v1/certificate-series": Tried(
        AGENCIES, lambda _w, r: Ask(json={"agency_code": r.agency, "pattern": "{seq}/{year}"})
    ),
    "DELETE /enrollment/api/v1/asn/{asn_id}": Tried(
        people.PERSONS, lambda _w, r: Ask({"asn_id": r.asn.asn_id})
    ),
}
ASSESSMENT = {
    "GET /assessment/tes": Tried(),
    "GET /assessment/potongan/beranda": Tried(),
    "GET /assessment/profil": Tried(),
    "GET /assessment/tes/{assessment_id}": Tried(people.PERSONS, _of("assessment_id")),
    "GET /assessment/tes/{assessment_id}/hasil": Tried(people.PERSONS, _of("assessment_id")),
    "GET /assessment/api/v1/assessments": Tried(),
    "GET /assessment/api/v1/assessments/{assessment_id}": Tried(people.PERSONS, _of("assessment_id")),
    "GET /assessment/api/v1/people/{asn_id}/profile": Tried(
        people.PERSONS, lambda _w, r: Ask({"asn_id": r.asn.asn_id})
    ),
    "POST /assessment/tes/{assessment_id}": Tried(people.PERSONS, _of("assessment_id"), meets=422),
    "POST /assessment/api/v1/assessments/{assessment_id}/answers": Tried(
        people.PERSONS, _of("assessment_id", {"answers": {"M1-A01": "A"}}), meets=422
    ),
    "POST /assessment/api/v1/assessments/taken": _sent(
        {"items": [{"enrollment_id": str(id_of("none")), "kind": "pre", "score": 50, "on": "2026-01-01"}]}
    ),
}
ANSWER = {
    "respondent": STRANGER.nip, "about": STRANGER.nip, "run": "X", "instrument": "X", "on": "2026-01-01", "answers": {},
}  # fmt: skip
GOOD = {f"r{n}": 3 for n in range(1, 8)}
EVALUATION = {
    "GET /evaluation/tugas": Tried(names=(REPORT,)),
    "GET /evaluation/tugas.{form}": Tried(names=(REPORT,), fill=lambda _w, _none: Ask({"form": "csv"})),
    "GET /evaluation/potongan/beranda": Tried(names=(REPORT,)),
    "GET /evaluation/tugas/{task_id}": Tried(people.PERSONS, _of("task_id")),
    "GET /evaluation/isi/{task_id}": Tried(people.PERSONS, _of("task_id")),
    "GET /evaluation/penilai": Tried(),
    "GET /evaluation/penilai.{form}": _file(),
    "GET /evaluation/penilai/berjalan.{form}": _file(),
    "GET /evaluation/dampak": Tried(),
    "GET /evaluation/dampak.{form}": _file(),
    "GET /evaluation/dampak/{run_id}": Tried(people.TAUGHT, lambda _w, r: Ask({"run_id": r.run.run_id})),
    "GET /evaluation/api/v1/tasks": Tried(
        people.PERSONS, lambda _w, r: Ask(query={"respondent": r.asn.asn_id})
    ),
    "GET /evaluation/api/v1/runs/{run_id}/outcome": Tried(
        people.TAUGHT, lambda _w, r: Ask({"run_id": r.run.run_id})
    ),
    "POST /evaluation/isi/{task_id}": Tried(people.PERSONS, _of("task_id", form=GOOD)),
    "POST /evaluation/isi/{task_id}/kirim": Tried(people.PERSONS, _of("task_id", form=GOOD)),
    "POST /evaluation/api/v1/tasks/{task_id}/answers": Tried(
        people.PERSONS, _of("task_id", {"answers": GOOD})
    ),
    "PUT /evaluation/api/v1/tasks/{task_id}/draft/{question}": Tried(
        people.PERSONS,
        lambda world, record: Ask(
            {"task_id": world.of[record.asn.key], "question": "r1"}, json={"value": "3"}
        ),
    ),
    "POST /evaluation/api/v1/responses": _sent({"items": [ANSWER]}),
    "POST /evaluation/api/v1/evaluators": Tried(
        (*people.PLACES[::2], *people.ORGANISED),
        lambda _w, r: Ask(
            json={"evaluators": [INTERVIEWER.nip]}
            | ({"run_id": str(r.run.run_id)} if r.run else {"agency_code": r.agency})
        ),
    ),
    "POST /evaluation/penilai/cabut": Tried(
        people.PERSONS, lambda world, record: Ask(form={"task": world.interviews[record.asn.key]})
    ),
    "POST /evaluation/penilai": Tried(
        (*people.PLACES[::2], *people.ORGANISED),
        lambda _w, r: Ask(
            form={
                "evaluators": INTERVIEWER.nip,
                "where": f"run:{r.run.run_id}" if r.run else f"agency:{r.agency}",
            }
        ),
    ),
}
NOTIFICATION = {
    "GET /notification/kotak-masuk": Tried(),
    "GET /notification/potongan/beranda": Tried(),
    "GET /notification/preferensi": Tried(),
    "GET /notification/buku-kirim": Tried(),
    "GET /notification/buku-kirim.{form}": _file(),
    "GET /notification/kotak-masuk/{notice_id}": Tried(people.PERSONS, _of("notice_id")),
    "GET /notification/api/v1/notices": Tried(
        people.PERSONS, lambda _w, r: Ask(query={"recipient": r.asn.asn_id})
    ),
    "GET /notification/api/v1/notices/unread": Tried(),
    "GET /notification/api/v1/deliveries": Tried(),
    "POST /notification/kotak-masuk/dibaca": Tried(),
    "POST /notification/preferensi": _sent(language="id"),
    "POST /notification/buku-kirim/ulangi": Tried(),
    "POST /notification/api/v1/deliveries/retry": _sent({}),
    "POST /notification/api/v1/notices/{notice_id}/read": Tried(
        fill=lambda world, _none: Ask({"notice_id": world.of[people.ASKER.key]})
    ),
}
ROUTES: dict[str, Tried] = INVENTORY_OF_OPERATIONS | ENROLLMENT | ASSESSMENT | EVALUATION | NOTIFICATION
