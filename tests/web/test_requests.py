"""What is measured and traced of a request, and what never is."""

import httpx
import pytest

from bina.messaging import telemetry
from messaging.traced import CALLER, KEPT, TRACE, Kept, ids, told

NIP = "198703032010011003"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    kept = Kept()
    telemetry.start("toy", processor=kept.processor)
    yield kept
    telemetry.stop()


async def get(client: httpx.AsyncClient, path: str, traceparent: str = "") -> int:
    headers = {"traceparent": traceparent} if traceparent else {}
    return (await client.get(path, headers=headers)).status_code


async def test_a_request_is_named_by_its_route_and_stands_under_its_caller(client_of, kept: Kept):
    async with client_of("platform") as client:
        assert await get(client, f"/toy/api/v1/ops/parked/77?nip={NIP}", KEPT) == 404
    span = kept.one("GET /toy/api/v1/ops/parked/{held_id}")
    assert ids(span) == (TRACE, CALLER)
    assert span.kind.name == "SERVER"
    assert told(span) == {
        "http.request.method": "GET",
        "http.route": "/toy/api/v1/ops/parked/{held_id}",
        "http.response.status_code": 404,
    }


@pytest.mark.parametrize("given", ["", "nonsense", KEPT.replace(TRACE, "0" * 32)])
async def test_without_a_valid_caller_a_trace_begins(client_of, kept: Kept, given: str):
    async with client_of("platform") as client:
        await get(client, "/toy/ops", given)
    trace_id, parent = ids(kept.one("GET /toy/ops"))
    assert (trace_id != TRACE, parent) == (True, "")


async def test_neither_address_nor_query_nor_error_stands_in_a_span(client_of, kept: Kept):
    async with client_of("platform") as client:
        for path in (f"/{NIP}", f"/toy/{NIP}?q={NIP}", f"/toy/api/v1/ops/parked/{NIP}", f"/{NIP}/api/v1/x"):
            await get(client, path)
        await client.request(NIP, "/toy/ops", headers={"user-agent": NIP, "referer": NIP})
    assert {span.name for span in kept.all()} == {
        "GET",
        "GET /toy/api/v1/ops/parked/{held_id}",
        "HTTP /toy/ops",
    }
    assert NIP not in "".join(span.to_json() for span in kept.all())


async def test_probes_begin_no_trace(client_of, kept: Kept):
    async with client_of() as client:
        for path in ("/healthz", "/readyz", "/readyz/http", "/metrics"):
            await get(client, path)
    assert not kept.all()


async def test_a_failure_is_told_by_its_status(client_of, kept: Kept):
    async with client_of("platform") as client:
        assert await get(client, "/toy/rusak") == 500
    span = kept.one("GET /toy/rusak")
    assert (told(span)["error.type"], span.status.status_code.name) == ("500", "ERROR")
