"""What a request leads to carries its trace."""

from uuid import uuid4

import pytest

from .conftest import Site
from .story import SMALL

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def told_trace(site: Site, header: str) -> str:
    async with site.client("asn", person=2) as client:
        headers = {"Idempotency-Key": str(uuid4()), "traceparent": header}
        answer = await client.post("/enrollment/api/v1/enrolments", json={"run": SMALL}, headers=headers)
    assert answer.status_code == 201
    rows = await site.svc.rows("SELECT traceparent FROM messaging.outbox ORDER BY id DESC LIMIT 1")
    return rows[0].traceparent


async def test_a_callers_trace_goes_on(site: Site):
    assert await told_trace(site, GIVEN) == GIVEN


@pytest.mark.parametrize(
    "header", ["", "nonsense", GIVEN.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32)]
)
async def test_without_one_a_trace_begins(site: Site, header: str):
    trace = await told_trace(site, header)
    assert trace != header
    assert len(trace) == len(GIVEN)
