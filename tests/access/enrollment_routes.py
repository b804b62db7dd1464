"""How to ask each route of enrollment."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from bina.messaging import clock

from . import people
from .people import HERE, INTERVIEWER, OURS, Record, id_of
from .trying import AGENCIES, Ask, Tried, World, file, made_for, sent


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


ENROLLMENT = {
    "GET /ops": Tried(),
    "GET /beranda": Tried(),
    "GET /data-saya": Tried(),
    "POST /data-saya/perbaikan": sent(field="name", wanted="Nama Baru", reason="Akta"),
    "POST /data-saya/hapus": sent(reason="Sudah pensiun"),
    "GET /enrollment/perbaikan": Tried(),
    "POST /enrollment/perbaikan/{request_id}/terima": Tried(people.PERSONS, made_for("request_id")),
    "POST /enrollment/perbaikan/{request_id}/tolak": Tried(
        people.PERSONS, made_for("request_id", form={"answer": "Tanpa bukti"})
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
    "GET /enrollment/jp.{form}": file(),
    "GET /enrollment/jp/ajukan": Tried(),
    "POST /enrollment/jp/ajukan": Tried(meets=422),
    "POST /enrollment/jp/ajukan/{credit_id}/cabut": Tried(
        people.PERSONS[:1], lambda world, r: Ask({"credit_id": world.credits[r.asn.key]})
    ),
    "GET /enrollment/pengajuan-jp": Tried(),
    "GET /enrollment/pengajuan-jp.{form}": file(),
    "GET /enrollment/pengajuan-jp/{credit_id}": Tried(people.PERSONS, _credit()),
    "GET /enrollment/pengajuan-jp/{credit_id}/bukti": Tried(people.PERSONS, _credit()),
    "POST /enrollment/pengajuan-jp/{credit_id}/setujui": Tried(people.PERSONS, _credit(jp="4")),
    "POST /enrollment/pengajuan-jp/{credit_id}/koreksi": Tried(
        people.PERSONS, _credit(jp="3", answer="Salah hitung")
    ),
    "POST /enrollment/pengajuan-jp/{credit_id}/tolak": Tried(people.PERSONS, _credit(answer="Tidak terbaca")),
    "GET /enrollment/instansi": Tried(),
    "GET /enrollment/katalog.{form}": file(),
    "GET /enrollment/angkatan/{reference}/peserta.{form}": Tried(
        people.TAUGHT, lambda _w, r: Ask({"reference": r.run.code, "form": "csv"}), "enrolment.list"
    ),
    "GET /enrollment/instansi.{form}": file(),
    "GET /enrollment/instansi/tertinggal.{form}": file(),
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
    "POST /enrollment/api/v1/agencies": sent({"code": "9999", "name": "Instansi Baru"}),
    "POST /enrollment/api/v1/roles": sent(
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
