"""How to ask each route: what its path takes, what it is sent, whose record that is.

A route that is not here fails `test_table.py`; add a line to `ROUTES` with the records it is tried with and a function
that fills it. Paths are as the application writes them, `*` for the service where every service has the route.
"""

from collections.abc import Mapping
from typing import Any

from . import people
from .enrollment_routes import ENROLLMENT
from .people import INTERVIEWER, REPORT, STRANGER, id_of
from .trying import Ask, Tried, file, made_for, sent


def _held(json: Any = None, form: Mapping[str, object] | None = None) -> Tried:
    return Tried(fill=lambda world, _none: Ask({"held_id": world.held}, json=json, form=form or {}))


def _cause(json: Any = None, form: Mapping[str, object] | None = None) -> Tried:
    return Tried(fill=lambda world, _none: Ask({"cause": world.cause}, json=json, form=form or {}))


def _redrive() -> Tried:
    return Tried(fill=lambda world, _none: Ask({"redrive_id": world.redrive}))


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
    "GET /*/ops/kelompok.{form}": file(),
    "GET /*/ops/gagal/{held_id}": _held(),
    "GET /*/ops/kelompok/{cause}": _cause(),
    "GET /*/ops/pengulangan": Tried(),
    "GET /*/ops/pengulangan/{redrive_id}": _redrive(),
    "GET /*/api/v1/ops/audit": Tried(),
    "GET /*/api/v1/ops/audit/{entry_id}": _entry(),
    "GET /*/api/v1/ops/audit/export": Tried(),
    "GET /*/ops/audit": Tried(),
    "GET /*/ops/audit/{entry_id}": _entry(),
    "GET /*/ops/audit/ekspor.{form}": file(),
    "GET /*/ops/audit/ekspor.jsonl": Tried(),
    "POST /*/api/v1/ops/redrives": sent({"all": True, "per_second": 5}),
    "POST /*/api/v1/ops/redrives/{redrive_id}/cancel": _redrive(),
    "POST /*/api/v1/ops/parked/{held_id}/redrive": _held(),
    "POST /*/ops/ulangi": sent(**RATE),
    "POST /*/ops/gagal/{held_id}/ulangi": _held(form=RATE),
    "POST /*/ops/kelompok/{cause}/ulangi": _cause(form=RATE),
    "POST /*/ops/pengulangan/{redrive_id}/hentikan": _redrive(),
    "POST /*/api/v1/ops/parked/groups/{cause}/discard": _cause(REASON | {"newest": 0}),
    "POST /*/ops/kelompok/{cause}/buang": _cause(form=REASON | {"newest": 0}),
    "POST /*/ops/gagal/{held_id}/buang": _held(form=REASON | {"newest": 0}),
    "POST /*/api/v1/ops/parked/{held_id}/discard": _held(REASON | {"newest": 0}),
}
ASSESSMENT = {
    "GET /assessment/tes": Tried(),
    "GET /assessment/potongan/beranda": Tried(),
    "GET /assessment/profil": Tried(),
    "GET /assessment/tes/{assessment_id}": Tried(people.PERSONS, made_for("assessment_id")),
    "GET /assessment/tes/{assessment_id}/hasil": Tried(people.PERSONS, made_for("assessment_id")),
    "GET /assessment/api/v1/assessments": Tried(),
    "GET /assessment/api/v1/assessments/{assessment_id}": Tried(people.PERSONS, made_for("assessment_id")),
    "GET /assessment/api/v1/people/{asn_id}/profile": Tried(
        people.PERSONS, lambda _w, r: Ask({"asn_id": r.asn.asn_id})
    ),
    "POST /assessment/tes/{assessment_id}": Tried(people.PERSONS, made_for("assessment_id"), meets=422),
    "POST /assessment/api/v1/assessments/{assessment_id}/answers": Tried(
        people.PERSONS, made_for("assessment_id", {"answers": {"M1-A01": "A"}}), meets=422
    ),
    "POST /assessment/api/v1/assessments/taken": sent(
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
    "GET /evaluation/tugas/{task_id}": Tried(people.PERSONS, made_for("task_id")),
    "GET /evaluation/isi/{task_id}": Tried(people.PERSONS, made_for("task_id")),
    "GET /evaluation/penilai": Tried(),
    "GET /evaluation/penilai.{form}": file(),
    "GET /evaluation/penilai/berjalan.{form}": file(),
    "GET /evaluation/dampak": Tried(),
    "GET /evaluation/dampak.{form}": file(),
    "GET /evaluation/dampak/{run_id}": Tried(people.TAUGHT, lambda _w, r: Ask({"run_id": r.run.run_id})),
    "GET /evaluation/api/v1/tasks": Tried(
        people.PERSONS, lambda _w, r: Ask(query={"respondent": r.asn.asn_id})
    ),
    "GET /evaluation/api/v1/runs/{run_id}/outcome": Tried(
        people.TAUGHT, lambda _w, r: Ask({"run_id": r.run.run_id})
    ),
    "POST /evaluation/isi/{task_id}": Tried(people.PERSONS, made_for("task_id", form=GOOD)),
    "POST /evaluation/isi/{task_id}/kirim": Tried(people.PERSONS, made_for("task_id", form=GOOD)),
    "POST /evaluation/api/v1/tasks/{task_id}/answers": Tried(
        people.PERSONS, made_for("task_id", {"answers": GOOD})
    ),
    "PUT /evaluation/api/v1/tasks/{task_id}/draft/{question}": Tried(
        people.PERSONS,
        lambda world, record: Ask(
            {"task_id": world.of[record.asn.key], "question": "r1"}, json={"value": "3"}
        ),
    ),
    "POST /evaluation/api/v1/responses": sent({"items": [ANSWER]}),
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
    "GET /notification/buku-kirim.{form}": file(),
    "GET /notification/kotak-masuk/{notice_id}": Tried(people.PERSONS, made_for("notice_id")),
    "GET /notification/api/v1/notices": Tried(
        people.PERSONS, lambda _w, r: Ask(query={"recipient": r.asn.asn_id})
    ),
    "GET /notification/api/v1/notices/unread": Tried(),
    "GET /notification/api/v1/deliveries": Tried(),
    "POST /notification/kotak-masuk/dibaca": Tried(),
    "POST /notification/preferensi": sent(language="id"),
    "POST /notification/buku-kirim/ulangi": Tried(),
    "POST /notification/api/v1/deliveries/retry": sent({}),
    "POST /notification/api/v1/notices/{notice_id}/read": Tried(
        fill=lambda world, _none: Ask({"notice_id": world.of[people.ASKER.key]})
    ),
}
ROUTES: dict[str, Tried] = INVENTORY_OF_OPERATIONS | ENROLLMENT | ASSESSMENT | EVALUATION | NOTIFICATION
