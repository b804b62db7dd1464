"""No command and no reading of another's record escapes the audit: every route of every service is sorted here.

A route that answers with data is either marked (`OthersRecords`), so that it notes whose records it shows, or named
below with what it shows instead. A new one fails this test until it is sorted; what the marked ones really note, and
that the others show nobody else, `tests/*/test_audit.py` see by asking them.
"""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from architecture.applications import SERVICES, application_of
from bina.web import problems
from bina.web.audit.reading import reading
from bina.web.commands import api_command, form_command
from bina.web.forms import form_guard

SHOWS_NOBODY_ELSE = {
    "the reader's own record": {
        "/beranda",
        "/data-saya",
        "/{service}/potongan/data-saya",
        "/{service}/api/v1/me/data",
        "/enrollment/jp",
        "/enrollment/hadir",
        "/enrollment/kalender",
        "/enrollment/kalender.ics",
        "/enrollment/kalender/{token}",
        "/enrollment/hadir/{session_id}",
        "/enrollment/jp.{form}",
        "/enrollment/jp/ajukan",
        "/assessment/tes",
        "/assessment/tes/{assessment_id}",
        "/assessment/tes/{assessment_id}/hasil",
        "/assessment/profil",
        "/assessment/potongan/beranda",
        "/notification/kotak-masuk",
        "/notification/kotak-masuk/{notice_id}",
        "/notification/potongan/beranda",
        "/notification/api/v1/notices/unread",
        "/notification/preferensi",
        "/{service}/lanjutkan/{kept_id}",
    },
    "the catalogue, agencies and units": {
        "/enrollment/katalog",
        "/enrollment/program",
        "/enrollment/mitra",
        "/enrollment/mitra/{partner_id}",
        "/enrollment/program-baru",
        "/enrollment/seminar-baru",
        "/enrollment/program/{code}",
        "/enrollment/program/{code}/ubah",
        "/enrollment/program/{code}/angkatan",
        "/enrollment/angkatan/{reference}/ubah",
        "/enrollment/angkatan/{reference}/jadwal.ics",
        "/enrollment/katalog.{form}",
        "/enrollment/api/v1/programmes",
        "/enrollment/api/v1/runs",
        "/enrollment/api/v1/runs/{reference}",
        "/enrollment/api/v1/agencies",
        "/enrollment/api/v1/units",
        "/enrollment/nomor-sertifikat",
    },
    "names and counts of agencies' files": {
        "/enrollment/impor",
        "/enrollment/api/v1/imports",
        "/enrollment/api/v1/imports/{import_id}",
    },
    "sums over many people": {
        "/",
        "/enrollment/instansi.{form}",
        "/enrollment/integrasi",
        "/enrollment/integrasi.{form}",
        "/enrollment/api/v1/integration",
        "/enrollment/unit",
        "/enrollment/angkatan/{reference}/presensi/{session_id}/kode",
        "/enrollment/api/v1/jp/shares",
        "/evaluation/dampak",
        "/evaluation/dampak.{form}",
        "/evaluation/penilai.{form}",
        "/evaluation/dampak/{run_id}",
        "/evaluation/api/v1/runs/{run_id}/outcome",
        "/enrollment/api/v1/runs/{reference}/certificates",
    },
    "what a certificate says, to whoever holds it": {
        "/enrollment/verifikasi/{kode}",
        "/enrollment/api/v1/certificates/{code}",
    },
    "the people whom a demonstration lets visitors be": {"/masuk"},
    "the way to the session whose attendance is taken": {"/enrollment/angkatan/{reference}/presensi"},
    "the way to the identity provider": {"/masuk/mulai"},
    "nothing: a session begins, which is noted by itself": {"/masuk/kembali"},
    "agencies' systems, which are nobody": {"/enrollment/api/v1/machines"},
    "how messages flow": {
        "/ops",
        "/{service}/ops",
        "/{service}/ops/kelompok.{form}",
        "/{service}/ops/pengulangan",
        "/{service}/ops/pengulangan/{redrive_id}",
        "/{service}/api/v1/ops/status",
        "/{service}/api/v1/ops/backlog",
        "/{service}/api/v1/ops/parked/groups",
        "/{service}/api/v1/ops/redrives",
        "/{service}/api/v1/ops/redrives/{redrive_id}",
    },
    "nothing of the service's data": {
        "/enrollment/impor/baru",
        "/enrollment/impor/templat/{kind}.{form}",
        "/gallery",
        "/gallery/potongan",
        "/gallery/unit.{form}",
        "/enrollment/hadir.js",
        "/evaluation/survei.js",
        "/{service}/tampilan",
        "/{service}/langsung",
        "/{service}/api/v1/openapi.json",
        "/healthz",
        "/readyz",
        "/readyz/http",
        "/metrics",
        "/static/{name}",
    },
}
NO_COMMANDS = {
    "/keluar": "a session ends: noted by itself",
    "/enrollment/api/v1/backchannel-logout": "the provider ends sessions: noted by itself",
    "/enrollment/api/v1/token": "a machine asks for its next ten minutes; what it does with them is noted",
    "/evaluation/isi/{task_id}": "answers are looked over, nothing is stored",
    "/evaluation/tautan/{token}/isi": "the same under a personal link",
}


def routes_of(service: str) -> Iterator[tuple[str, str, set[object]]]:
    """(method, path with the service's name taken out, what the route depends on)."""
    for route in iter_route_contexts(application_of(service).routes):
        for method in route.methods or ():
            yield method, route.path or "", set(calls(route))


def calls(route: RouteContext | Dependant) -> Iterator[object]:
    dependant = route if isinstance(route, Dependant) else getattr(route, "dependant", None)
    for inner in dependant.dependencies if dependant else ():
        yield inner.call
        yield from calls(inner)


def sorted_as_harmless(service: str) -> set[str]:
    return {path.replace("{service}", service) for paths in SHOWS_NOBODY_ELSE.values() for path in paths}


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_marked_or_shows_nobody_else(service: str):
    harmless = sorted_as_harmless(service)
    answers = [(path, reading in found) for method, path, found in routes_of(service) if method == "GET"]
    assert len(answers) > 15
    assert [path for path, marked in answers if not marked and path not in harmless] == []
    assert [path for path, marked in answers if marked and path in harmless] == []


def test_nothing_is_sorted_that_is_no_more():
    paths = {(service, path) for service in SERVICES for _method, path, _found in routes_of(service)}
    known = {path for _service, path in paths} | {p.replace(f"/{s}/", "/{service}/", 1) for s, p in paths}
    assert {path for paths in SHOWS_NOBODY_ELSE.values() for path in paths} - known == set()
    assert set(NO_COMMANDS) - known == set()


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_sent_is_a_command_and_so_is_audited(service: str):
    sent = [(path, found) for method, path, found in routes_of(service) if method not in {"GET", "HEAD"}]
    assert len(sent) > 8
    escaping = [
        path for path, found in sent if not found & {api_command, form_command} and path not in NO_COMMANDS
    ]
    assert escaping == []
    assert all(
        form_guard in found for path, found in sent if path in NO_COMMANDS and not problems.is_api(path)
    )
