"""Another agency in the address, the query, the body or a header: a problem with its type, nobody's name, no effect."""

from importlib import import_module
from typing import Any
from uuid import uuid4

import httpx
import pytest

from bina.messaging import clock
from bina.web.access import Person, issue_token

from .law import Asker
from .people import COLLEAGUE, GUEST, HERE, INTERVIEWER, OTHER, PEOPLE, SECTION, THEIRS, THERE, UNIT
from .trying import World
from .walking import browser
from .worlds import SECRET, build, settings_of

OPERATOR, IN_UNIT = Asker(("operator",)), Asker(("operator",), UNIT)
E, V, N = "/enrollment/api/v1", "/evaluation/api/v1", "/notification/api/v1"
TODAY = clock.today().isoformat()


def asn_row(agency: str, unit: object = None) -> dict[str, Any]:
    row = {"nip": "199003032015011777", "name": "Orang Baru", "agency_code": agency}
    return row | ({"unit_id": str(unit)} if unit else {})


def run_row(organiser: str) -> dict[str, Any]:
    return {"code": "X-1", "programme": "AKS", "organiser": organiser, "starts_on": TODAY, "ends_on": TODAY}


async def site(under_test, served, name: str) -> tuple[Any, Any, World]:
    module = import_module(f"{name}.app")
    service = await under_test(module.service)
    world = await build(service)
    return service, served(module.create, service, settings_of(service, demo=False)), world


def is_refused(answer: httpx.Response, status: int, kind: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:bina:problem:{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]
    assert "Traceback" not in answer.text
    assert [asn.key for asn in PEOPLE if asn.name in answer.text or asn.nip in answer.text] == []


@pytest.mark.parametrize(
    ("asker", "path", "status", "kind"),
    [
        (OPERATOR, f"{E}/asn?agency={THERE}", 403, "out-of-scope"),
        (OPERATOR, f"{E}/jp/shares?agency={THERE}", 403, "out-of-scope"),
        (IN_UNIT, f"{E}/enrolments?agency={THERE}", 403, "out-of-scope"),
        (Asker(("asn",)), f"{E}/enrolments?asn={GUEST.asn_id}", 403, "out-of-scope"),
        (OPERATOR, f"{E}/jp/{GUEST.asn_id}", 404, "not-found"),
        (IN_UNIT, f"{E}/jp/{COLLEAGUE.asn_id}", 404, "not-found"),
    ],
)
async def test_in_the_address_or_query(under_test, served, asker: Asker, path: str, status: int, kind: str):
    _service, app, _world = await site(under_test, served, "enrollment")
    async with browser(app, asker) as client:
        is_refused(await client.get(path), status, kind)


async def test_a_page_of_another_agency_is_not_found(under_test, served):
    _service, app, _world = await site(under_test, served, "enrollment")
    async with browser(app, OPERATOR) as client:
        for path in (f"/enrollment/instansi?instansi={THERE}", f"/enrollment/instansi.csv?instansi={THERE}"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert "tidak ditemukan" in answer.text


@pytest.mark.parametrize(
    ("asker", "path", "body", "status", "kind"),
    [
        (OPERATOR, "asn", {"items": [asn_row(THERE)]}, 403, "out-of-scope"),
        (OPERATOR, "asn", {"items": [asn_row(HERE), asn_row(THERE)]}, 403, "out-of-scope"),
        (IN_UNIT, "asn", {"items": [asn_row(HERE, SECTION), asn_row(HERE, OTHER)]}, 403, "out-of-scope"),
        (OPERATOR, "asn", {"items": [asn_row(HERE) | {"id": str(GUEST.asn_id)}]}, 403, "out-of-scope"),
        (OPERATOR, "asn", {"items": [asn_row(HERE) | {"nip": GUEST.nip}]}, 403, "out-of-scope"),
        (
            OPERATOR,
            "units",
            {"items": [{"id": str(uuid4()), "agency_code": THERE, "name": "X"}]},
            403,
            "out-of-scope",
        ),
        (OPERATOR, "runs", {"items": [run_row(HERE), run_row(THERE)]}, 403, "out-of-scope"),
        (OPERATOR, "programmes", {"items": [{"code": "ASING", "name": "X", "jp": 1}]}, 403, "out-of-scope"),
        (OPERATOR, f"runs/{THEIRS.code}/cancel", {"reason": "Tanpa hak"}, 403, "out-of-scope"),
        (OPERATOR, "enrolments", {"run": THEIRS.code, "nip": GUEST.nip}, 409, "nip-other-agency"),
        (Asker(("asn",)), "enrolments", {"run": THEIRS.code, "nip": COLLEAGUE.nip}, 403, "out-of-scope"),
    ],
)
async def test_in_the_body(
    under_test, served, asker: Asker, path: str, body: dict[str, Any], status: int, kind: str
):
    service, app, _world = await site(under_test, served, "enrollment")
    await service.emitted()
    async with browser(app, asker) as client:
        answer = await client.post(f"{E}/{path}", json=body, headers={"Idempotency-Key": uuid4().hex})
    is_refused(answer, status, kind)
    assert await service.emitted() == []


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("evaluation", "POST", f"{V}/evaluators", {"agency_code": THERE, "evaluators": [INTERVIEWER.nip]}),
        (
            "evaluation",
            "POST",
            f"{V}/evaluators",
            {"run_id": str(THEIRS.run_id), "evaluators": [INTERVIEWER.nip]},
        ),
        ("notification", "GET", f"{N}/notices?recipient={GUEST.asn_id}", None),
        ("assessment", "GET", f"/assessment/api/v1/people/{GUEST.asn_id}/profile", None),
    ],
)
async def test_in_other_services_it_looks_absent(
    under_test, served, name: str, method: str, path: str, body: dict[str, Any] | None
):
    _service, app, _world = await site(under_test, served, name)
    async with browser(app, OPERATOR) as client:
        headers = {"Idempotency-Key": uuid4().hex}
        is_refused(await client.request(method, path, json=body, headers=headers), 404, "not-found")


async def test_a_header_moves_nobody_to_another_agency(under_test, served):
    _service, app, _world = await site(under_test, served, "enrollment")
    named = {"X-Agency": THERE, "X-Agency-Code": THERE, "X-Instansi": THERE, "X-Forwarded-User": "platform"}
    async with browser(app, OPERATOR) as client:
        plain = await client.get(f"{E}/asn")
        assert (await client.get(f"{E}/asn", headers=named)).json() == plain.json()
        is_refused(await client.get(f"{E}/jp/{GUEST.asn_id}", headers=named), 404, "not-found")


async def test_a_token_that_was_written_for_another_agency_is_nobody(under_test, served):
    _service, app, _world = await site(under_test, served, "enrollment")
    ours, theirs = (
        issue_token(Person(None, "SIMPEG", frozenset({"operator"}), agency), SECRET)
        for agency in (HERE, THERE)
    )
    spliced = ".".join([theirs.rsplit(".", 2)[0], *ours.split(".")[-2:]])
    elsewhere = issue_token(Person(None, "SIMPEG", frozenset({"operator"}), THERE), "another secret" * 3)
    async with browser(app, Asker(())) as client:
        for token in (spliced, elsewhere, "x"):
            answer = await client.get(f"{E}/asn", headers={"Authorization": f"Bearer {token}"})
            is_refused(answer, 401, "not-signed-in")


async def test_anothers_command_key_brings_none_of_their_answers(under_test, served):
    _service, app, _world = await site(under_test, served, "enrollment")
    body, key = {"items": [asn_row(HERE)]}, {"Idempotency-Key": "a-key-that-both-use"}
    answers = []
    async with browser(app, Asker(())) as client:
        for agency in (HERE, THERE):
            token = issue_token(Person(None, "SIMPEG", frozenset({"operator"}), agency), SECRET)
            headers = key | {"Authorization": f"Bearer {token}"}
            answers.append(await client.post(f"{E}/asn", json=body, headers=headers))
    assert answers[0].status_code == 201
    is_refused(answers[1], 403, "out-of-scope")
