"""One enrolment is one trace: from the command over HTTP, through Kafka and all four services, to the mails."""

from uuid import uuid4

import pytest

from collector import Span, path_of, tree
from journeys.running import Bina, eventually
from journeys.world import World

pytestmark = pytest.mark.kafka
RUN = "JEJAK-2026-01"
CALLER = "b7ad6b7169203331"
# The transaction beside it may be one of several commands'.
COMMAND = [
    "enrollment: POST /enrollment/api/v1/enrolments",
    "enrollment: send enrollment.enrollments",
]
ACCEPTED = [*COMMAND, "notification: process enrollment.enrollments", "notification: send email"]
PRE_TEST = [
    *COMMAND,
    "assessment: process enrollment.enrollments",
    "assessment: send assessment.results",
    "notification: process assessment.results",
    "notification: send email",
]
SURVEY = [
    *COMMAND,
    "evaluation: process enrollment.enrollments",
    "evaluation: send evaluation.tasks",
    "notification: process evaluation.tasks",
    "notification: send email",
]
DELIVERED = [*ACCEPTED, "notification: send notification.deliveries"]


@pytest.fixture(scope="module")
async def world(bina: Bina) -> World:
    world = await World.begin(bina, "3273")
    await world.programme("JEJAK", "Penelusuran Arsip Daerah", jp=8)
    await world.run(RUN, "JEJAK", seats=20)
    return world


async def test_a_command_and_the_notices_it_leads_to_are_one_trace(world: World, bina: Bina):
    (asn,) = await world.people(["Wahyuningsih Permatasari"])
    trace_id = uuid4().hex
    caller = world.as_asn(asn)
    caller.http.headers["traceparent"] = f"00-{trace_id}-{CALLER}-01"
    answer = await caller.send("/enrollment/api/v1/enrolments", {"run": RUN})
    assert answer.status_code == 201
    del caller.http.headers["traceparent"]
    told = await world.notices(asn, "enrollment_accepted", "pretest_ready", "task_opened")
    for notice in told.values():
        await world.mail_of(asn, notice[0])

    def paths() -> list[list[str]]:
        spans = bina.collector.of_trace(trace_id)
        return [path_of(spans, span) for span in spans]

    async def all_there() -> bool:
        return all(path in paths() for path in (ACCEPTED, PRE_TEST, SURVEY, DELIVERED))

    try:
        await eventually(all_there, 30)
    except AssertionError:
        pytest.fail(tree(bina.collector.of_trace(trace_id)))
    spans = bina.collector.of_trace(trace_id)
    assert [span.parent_id for span in roots(spans)] == [CALLER], tree(spans)
    assert paths().count(ACCEPTED) == paths().count(PRE_TEST) == 1, tree(spans)
    assert {child_before_parent(spans, span) for span in spans} == {False}, tree(spans)
    for secret in (asn.nip, asn.name, asn.email):
        assert secret.encode() not in b"".join(bina.collector.raw)


def roots(spans: list[Span]) -> list[Span]:
    known = {span.span_id for span in spans}
    return [span for span in spans if span.parent_id not in known]


def child_before_parent(spans: list[Span], span: Span) -> bool:
    return any(span.started < other.started for other in spans if other.span_id == span.parent_id)


async def test_a_request_whose_trace_is_not_kept_leaves_nothing(world: World, bina: Bina):
    """By its end everything of it has been told, and what others' traces say has come."""
    (asn,) = await world.people(["Bayu Anggara"])
    trace_id = uuid4().hex
    caller = world.as_asn(asn)
    caller.http.headers["traceparent"] = f"00-{trace_id}-{CALLER}-00"
    await caller.post("/enrollment/api/v1/enrolments", {"run": RUN})
    del caller.http.headers["traceparent"]
    await world.notices(asn, "enrollment_accepted", "pretest_ready", "task_opened")
    after = uuid4().hex
    caller.http.headers["traceparent"] = f"00-{after}-{CALLER}-01"
    for service in ("enrollment", "assessment", "evaluation", "notification"):
        await caller.http.get(f"/{service}/api/v1/openapi.json")

    async def later_ones_came() -> bool:
        return len(bina.collector.of_trace(after)) == 4

    await eventually(later_ones_came, 30)
    assert bina.collector.of_trace(trace_id) == []
