"""How to ask each route of enrollment."""

from uuid import uuid4

from . import enrollment_asks as asks
from . import people
from .people import HERE, INTERVIEWER, OURS, id_of
from .trying import AGENCIES, Ask, Tried, file, made_for, sent

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
    "GET /enrollment/seminar-baru": Tried(),
    "POST /enrollment/seminar-baru": Tried(people.ORGANISED, asks.seminar),
    "GET /enrollment/mitra": Tried(),
    "POST /enrollment/mitra": sent(name="Mitra baru"),
    "GET /enrollment/mitra/{partner_id}": asks.any_giver("partner_id", "partner"),
    "POST /enrollment/mitra/{partner_id}": asks.giver("partner_id", "partner", name="Mitra"),
    "GET /enrollment/narasumber": Tried(),
    "POST /enrollment/narasumber": sent(name="Narasumber baru"),
    "GET /enrollment/narasumber/{speaker_id}": asks.any_giver("speaker_id", "speaker"),
    "POST /enrollment/narasumber/{speaker_id}": asks.giver("speaker_id", "speaker", name="Narasumber"),
    "POST /enrollment/narasumber/{speaker_id}/hapus": asks.giver("speaker_id", "forgotten"),
    "GET /enrollment/program": Tried(),
    "GET /enrollment/program-baru": Tried(),
    "POST /enrollment/program-baru": Tried(
        fill=lambda _w, _none: Ask(form=asks.PROGRAMME | {"code": f"P{uuid4().hex[:6]}"})
    ),
    "GET /enrollment/program/{code}": Tried(fill=lambda _w, _none: Ask({"code": "AKS"})),
    "GET /enrollment/program/{code}/angkatan": Tried(fill=lambda _w, _none: Ask({"code": "AKS"})),
    "POST /enrollment/program/{code}/angkatan": Tried(people.ORGANISED, asks.run_form),
    "GET /enrollment/angkatan/{reference}/ubah": Tried(people.ORGANISED, asks.run_command({})),
    "POST /enrollment/angkatan/{reference}/ubah": Tried(people.ORGANISED, asks.run_form, meets=422),
    "GET /enrollment/program/{code}/ubah": asks.draft("UBAH"),
    "POST /enrollment/program/{code}/ubah": asks.draft("UBAH", **asks.PROGRAMME),
    "POST /enrollment/program/{code}/ajukan": asks.draft("AJUKAN"),
    "POST /enrollment/program/{code}/hapus-draf": asks.draft("HAPUS"),
    "POST /enrollment/program/{code}/setujui": asks.draft("SETUJU"),
    "POST /enrollment/program/{code}/kembalikan": asks.draft("KEMBALI", reason="JP belum dirinci"),
    "GET /enrollment/angkatan/{reference}": Tried(
        people.TAUGHT, lambda _w, r: Ask({"reference": r.run.code}), "enrolment.list"
    ),
    "GET /enrollment/angkatan/{reference}/presensi": asks.session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}": asks.session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/cetak": asks.session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/kode": asks.session(),
    "GET /enrollment/angkatan/{reference}/presensi/{session_id}/periksa": asks.session(),
    "GET /enrollment/angkatan/{reference}/laporan": asks.session(),
    "GET /enrollment/hadir": Tried(),
    "GET /enrollment/kalender": Tried(),
    "GET /enrollment/kalender.ics": Tried(),
    "POST /enrollment/kalender": Tried(),
    "GET /enrollment/angkatan/{reference}/jadwal.ics": Tried(
        fill=lambda _w, _none: Ask({"reference": OURS.code})
    ),
    "GET /enrollment/hadir/{session_id}": asks.own_session(),
    "GET /enrollment/api/v1/sessions/{session_id}/attendance": asks.session(),
    "POST /enrollment/angkatan/{reference}/presensi/{session_id}": Tried(people.ORGANISED, asks.session_list),
    "POST /enrollment/angkatan/{reference}/presensi/{session_id}/periksa": Tried(
        people.ORGANISED, lambda _w, r: Ask(asks.path_of(r), form={f"face.{id_of('none')}": "right"})
    ),
    "POST /enrollment/angkatan/{reference}/tetapkan": asks.session(),
    "POST /enrollment/angkatan/{reference}/laporan": Tried(people.ORGANISED, asks.received_form),
    "POST /enrollment/angkatan/{reference}/laporan-saya": Tried(
        fill=lambda _w, _none: Ask({"reference": people.THEIRS.code}, form={"content": "Laporan"})
    ),
    "POST /enrollment/hadir/{session_id}": asks.own_session(),
    "POST /enrollment/api/v1/sessions/{session_id}/attendance": Tried(people.ORGANISED, asks.session_marks),
    "POST /enrollment/api/v1/runs/{reference}/attendance/settle": asks.session(),
    "POST /enrollment/api/v1/runs/{reference}/reports": Tried(people.ORGANISED, asks.received),
    "GET /enrollment/jp": Tried(),
    "GET /enrollment/jp.{form}": file(),
    "GET /enrollment/jp/ajukan": Tried(),
    "POST /enrollment/jp/ajukan": Tried(meets=422),
    "POST /enrollment/jp/ajukan/{credit_id}/cabut": Tried(
        people.PERSONS[:1], lambda world, r: Ask({"credit_id": world.credits[r.asn.key]})
    ),
    "GET /enrollment/pengajuan-jp": Tried(),
    "GET /enrollment/pengajuan-jp.{form}": file(),
    "GET /enrollment/pengajuan-jp/{credit_id}": Tried(people.PERSONS, asks.credit()),
    "GET /enrollment/pengajuan-jp/{credit_id}/bukti": Tried(people.PERSONS, asks.credit()),
    "POST /enrollment/pengajuan-jp/{credit_id}/setujui": Tried(people.PERSONS, asks.credit(jp="4")),
    "POST /enrollment/pengajuan-jp/{credit_id}/koreksi": Tried(
        people.PERSONS, asks.credit(jp="3", answer="Salah hitung")
    ),
    "POST /enrollment/pengajuan-jp/{credit_id}/tolak": Tried(
        people.PERSONS, asks.credit(answer="Tidak terbaca")
    ),
    "GET /enrollment/persetujuan": Tried(),
    "POST /enrollment/persetujuan/{approval_id}/setujui": Tried(people.PERSONS, asks.approval()),
    "POST /enrollment/persetujuan/{approval_id}/tolak": Tried(
        people.PERSONS, asks.approval(answer="Tidak bisa")
    ),
    "POST /enrollment/persetujuan/{approval_id}/cabut": Tried(people.PERSONS[:1], asks.approval()),
    "GET /enrollment/api/v1/approvals": Tried(),
    "POST /enrollment/api/v1/approvals/{approval_id}/approve": Tried(people.PERSONS, asks.approval()),
    "POST /enrollment/api/v1/approvals/{approval_id}/refuse": Tried(
        people.PERSONS, asks.approval({"reason": "Tidak bisa"})
    ),
    "POST /enrollment/api/v1/approvals/{approval_id}/withdraw": Tried(people.PERSONS[:1], asks.approval()),
    "GET /enrollment/mutasi": Tried(),
    "POST /enrollment/mutasi": Tried(fill=lambda _w, _n: Ask(form={"nip": "1"}), meets=422),
    "POST /enrollment/mutasi/{transfer_id}/terima": Tried(people.PERSONS, asks.transfer()),
    "POST /enrollment/mutasi/{transfer_id}/tolak": Tried(people.PERSONS, asks.transfer(answer="Tidak bisa")),
    "POST /enrollment/mutasi/{transfer_id}/tarik": Tried(AGENCIES, asks.asked_by),
    "GET /enrollment/api/v1/transfers": Tried(),
    "POST /enrollment/api/v1/transfers": Tried(fill=lambda _w, _n: Ask(json={"nip": "1"}), meets=422),
    "POST /enrollment/api/v1/transfers/{transfer_id}/accept": Tried(people.PERSONS, asks.transfer()),
    "POST /enrollment/api/v1/transfers/{transfer_id}/refuse": Tried(
        people.PERSONS, asks.transfer({"reason": "Tidak bisa"})
    ),
    "POST /enrollment/api/v1/transfers/{transfer_id}/withdraw": Tried(AGENCIES, asks.asked_by),
    "GET /enrollment/instansi": Tried(),
    "GET /enrollment/unit": Tried(),
    "GET /enrollment/unit/{unit_id}": asks.unit(),
    "GET /enrollment/unit/{unit_id}/pegawai.{form}": asks.unit(form_of="csv"),
    "POST /enrollment/unit": Tried(people.PLACES, asks.unit_form),
    "POST /enrollment/unit/{unit_id}/nama": asks.unit(nama="Unit"),
    "POST /enrollment/unit/{unit_id}/pindah": Tried(people.PLACES, asks.unit_moved),
    "POST /enrollment/unit/{unit_id}/tutup": asks.unit(),
    "POST /enrollment/unit/{unit_id}/buka": asks.unit(),
    "GET /enrollment/pegawai/{asn_id}": asks.person(),
    "GET /enrollment/pegawai/ganda": Tried(),
    "POST /enrollment/pegawai/ganda/beda": Tried(people.PERSONS, asks.pair("satu"), meets=422),
    "POST /enrollment/pegawai/ganda/gabung": Tried(people.PERSONS, asks.pair("tetap"), meets=422),
    "POST /enrollment/pegawai/{asn_id}/penempatan": asks.person(since="kapan"),
    "POST /enrollment/pegawai/{asn_id}/pengangkatan": asks.person(appointment="apa"),
    "POST /enrollment/pegawai/{asn_id}/berhenti": asks.person(left_on="kapan"),
    "POST /enrollment/pegawai/{asn_id}/kembali": asks.person(since="kapan"),
    "POST /enrollment/pegawai/{asn_id}/instansi": asks.person(since="kapan"),
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
    "POST /enrollment/api/v1/jp-openings": Tried(people.PERSONS, asks.opening),
    "POST /enrollment/api/v1/jp-histories": Tried(
        AGENCIES,
        lambda _w, r: Ask(json={"agency_code": r.agency, "year": 2026, "complete": True, "source": "SIMPEG"}),
    ),
    "POST /enrollment/instansi/riwayat": Tried(
        AGENCIES, lambda _w, r: Ask(form={"instansi": r.agency, "tahun": "2026", "sumber": "SIMPEG"})
    ),
    "GET /enrollment/api/v1/machines": Tried(),
    "GET /enrollment/integrasi": Tried(),
    "GET /enrollment/integrasi.{form}": file(),
    "GET /enrollment/api/v1/integration": Tried(AGENCIES, lambda _w, r: Ask(query={"agency": r.agency})),
    "GET /enrollment/impor": Tried(),
    "GET /enrollment/impor/baru": Tried(),
    "GET /enrollment/impor/templat/{kind}.{form}": Tried(
        fill=lambda _world, _none: Ask({"kind": "pegawai", "form": "csv"})
    ),
    "GET /enrollment/impor/{import_id}": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/impor/{import_id}/berkas": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/impor/{import_id}/ditolak.{form}": Tried(AGENCIES, asks.imported(form="csv")),
    "GET /enrollment/impor/{import_id}/masalah.{form}": Tried(AGENCIES, asks.imported(form="csv")),
    "POST /enrollment/impor/baru": Tried(
        AGENCIES, lambda _w, record: Ask(form={"kind": "pegawai", "agency": record.agency}), meets=422
    ),
    "POST /enrollment/impor/{import_id}/periksa": Tried(AGENCIES, asks.imported()),
    "POST /enrollment/impor/{import_id}/terapkan": Tried(AGENCIES, asks.imported()),
    "POST /enrollment/impor/{import_id}/batalkan": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/api/v1/imports": Tried(),
    "GET /enrollment/api/v1/imports/{import_id}": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/api/v1/imports/{import_id}/rows": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/api/v1/imports/{import_id}/file": Tried(AGENCIES, asks.imported()),
    "GET /enrollment/api/v1/imports/{import_id}/refused.{form}": Tried(AGENCIES, asks.imported(form="csv")),
    "POST /enrollment/api/v1/imports": Tried(
        AGENCIES,
        lambda _w, record: Ask(query={"agency": record.agency, "kind": "pegawai", "name": "a.csv"}, json={}),
        meets=422,
    ),
    "POST /enrollment/api/v1/imports/{import_id}/apply": Tried(AGENCIES, asks.imported({"plan": "0" * 64})),
    "POST /enrollment/api/v1/imports/{import_id}/check": Tried(AGENCIES, asks.imported({})),
    "POST /enrollment/api/v1/imports/{import_id}/undo": Tried(AGENCIES, asks.imported()),
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
    "POST /enrollment/api/v1/machines/{machine_id}/renew": Tried(AGENCIES, asks.machine),
    "DELETE /enrollment/api/v1/machines/{machine_id}": Tried(AGENCIES, asks.machine),
    "POST /enrollment/api/v1/events": Tried(AGENCIES, asks.events),
    "POST /enrollment/api/v1/units": Tried(people.PLACES, asks.unit_row),
    "POST /enrollment/api/v1/asn": Tried(people.PLACES, asks.asn_row),
    "POST /enrollment/api/v1/programmes": Tried(AGENCIES, asks.programme),
    "POST /enrollment/api/v1/runs": Tried(people.ORGANISED, asks.run_row),
    "POST /enrollment/api/v1/enrolments": Tried(people.PERSONS, asks.seat),
    "POST /enrollment/angkatan/{reference}/daftar": Tried(people.PERSONS, asks.seat_form),
    "POST /enrollment/api/v1/enrolments/{enrollment_id}/substitute": Tried(
        people.ENROLMENTS, asks.enrolment({"nip": "199003032015011001"})
    ),
    "POST /enrollment/angkatan/{reference}/ganti": Tried(people.ENROLMENTS, asks.substitute_form),
    "POST /enrollment/api/v1/attendance": Tried(people.ORGANISED, asks.attendance),
    "POST /enrollment/angkatan/{reference}/presensi": Tried(people.ORGANISED, asks.attendance_form),
    "POST /enrollment/api/v1/results/{enrollment_id}/correct": Tried(people.ENROLMENTS, asks.correction),
    "POST /enrollment/api/v1/enrolments/{enrollment_id}/withdraw": Tried(
        people.ENROLMENTS, asks.enrolment({})
    ),
    "POST /enrollment/angkatan/{reference}/batal": Tried(people.ENROLMENTS, asks.withdraw_form),
    "POST /enrollment/api/v1/runs/{reference}/change": Tried(
        people.ORGANISED, asks.run_command({"seats": 40})
    ),
    "POST /enrollment/api/v1/runs/{reference}/conclude": Tried(people.ORGANISED, asks.run_command({})),
    "POST /enrollment/api/v1/runs/{reference}/cancel": Tried(
        people.ORGANISED, asks.run_command({"reason": "Narasumber berhalangan"})
    ),
    "GET /enrollment/sertifikat/{kode}": Tried(people.ENROLMENTS, asks.certificate("kode")),
    "GET /enrollment/angkatan/{reference}/sertifikat": Tried(people.ORGANISED, asks.run_command({})),
    "GET /enrollment/angkatan/{reference}/sertifikat/daftar.{form}": Tried(
        people.ORGANISED, lambda _w, r: Ask({"reference": r.run.code, "form": "csv"})
    ),
    "GET /enrollment/angkatan/{reference}/sertifikat/semua.zip": Tried(
        people.ORGANISED, asks.run_command({})
    ),
    "GET /enrollment/api/v1/certificates": Tried(
        people.ORGANISED, lambda _w, r: Ask(query={"run": r.run.code})
    ),
    "GET /enrollment/api/v1/runs/{reference}/certificates": Tried(people.ORGANISED, asks.run_command({})),
    "GET /enrollment/api/v1/certificates/{code}/pdf": Tried(people.ENROLMENTS, asks.certificate("code")),
    "POST /enrollment/angkatan/{reference}/sertifikat": Tried(people.ORGANISED, asks.run_command({})),
    "POST /enrollment/angkatan/{reference}/sertifikat/cabut": Tried(
        people.ORGANISED, asks.revocation, meets=422
    ),
    "POST /enrollment/api/v1/runs/{reference}/certificates": Tried(people.ORGANISED, asks.run_command({})),
    "POST /enrollment/api/v1/certificates/{code}/revoke": Tried(
        people.ENROLMENTS, asks.certificate("code", {"reason": "Salah orang"})
    ),
    "GET /enrollment/nomor-sertifikat": Tried(AGENCIES, lambda _w, r: Ask(query={"instansi": r.agency})),
    "POST /enrollment/nomor-sertifikat": Tried(
        AGENCIES, lambda _w, r: Ask(form={"instansi": r.agency, "pola": "{seq}/{year}"})
    ),
    "POST /enrollment/api/v1/certificate-series": Tried(
        AGENCIES, lambda _w, r: Ask(json={"agency_code": r.agency, "pattern": "{seq}/{year}"})
    ),
    "DELETE /enrollment/api/v1/asn/{asn_id}": Tried(
        people.PERSONS, lambda _w, r: Ask({"asn_id": r.asn.asn_id})
    ),
}
