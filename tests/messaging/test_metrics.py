"""What a service says of itself at /metrics: every name of the list, with values that follow from what happened."""

import contextlib
import math
import os
import signal
from collections.abc import AsyncIterator
from importlib.metadata import version

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from bina.messaging import DueItem, Runtime, Settings, clock, due, emit
from bina.web.app import create_app
from bina_local.kafka import Kafka
from messaging import toy, traced
from messaging.facts import accepted, asn, completed, run
from messaging.traced import message
from messaging.watching import Start, until
from parts import Broker

pytestmark = pytest.mark.kafka
NAMES = {
    "bina_build_info",
    "bina_scrape_complete",
    "bina_ready",
    "bina_messages_total",
    "bina_batch_messages_count",
    "bina_batch_messages_sum",
    "bina_batch_messages_bucket",
    "bina_batch_seconds_count",
    "bina_batch_seconds_sum",
    "bina_batch_seconds_bucket",
    "bina_effect_seconds_count",
    "bina_effect_seconds_sum",
    "bina_effect_seconds_bucket",
    "bina_transient_retries_total",
    "bina_outbox_published_total",
    "bina_consumer_lag",
    "bina_group_lag",
    "bina_outbox_depth",
    "bina_outbox_age_seconds",
    "bina_relay_leading",
    "bina_parked",
    "bina_waiting",
    "bina_waiting_age_seconds",
    "bina_due_overdue",
    "bina_topics_paused",
    "bina_audit_unsealed",
    "bina_audit_unsealed_age_seconds",
    "bina_http_requests_total",
    "bina_http_request_seconds_count",
    "bina_http_request_seconds_sum",
    "bina_http_request_seconds_bucket",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
}
FAMILIES_WITHOUT_SAMPLES = {"bina_state_republished"}
"""Until the first of its kind happens."""
LAG = ("bina_consumer_lag", "enrollment.enrollments")
Scraped = dict[str | tuple[str, ...], float]


class Scraper:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self) -> Scraped:
        """Values by name, or by name and labels."""
        answer = await self._client.get("/metrics")
        assert answer.status_code == 200
        families = list(text_string_to_metric_families(answer.text))
        assert {f.name for f in families} >= FAMILIES_WITHOUT_SAMPLES
        assert not [f.name for f in families if not f.documentation]
        return {
            (sample.name, *(v for _, v in sorted(sample.labels.items())))
            if sample.labels
            else sample.name: sample.value
            for family in families
            for sample in family.samples
        }

    async def until(self, **expected: float) -> Scraped:
        """Once these have these values."""
        found: Scraped = {}

        async def there() -> bool:
            found.update(await self())
            keys = {tuple(key.split("__")) if "__" in key else key: value for key, value in expected.items()}
            return all(found[key] == value for key, value in keys.items())

        await until(there)
        return found


@contextlib.asynccontextmanager
async def scraping(runtime: Runtime) -> AsyncIterator[Scraper]:
    app = create_app(runtime, title="Contoh")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bina.test") as client:
        yield Scraper(client)


async def test_every_name_of_the_list_is_told_and_is_right(start: Start, producer: AIOKafkaProducer):
    runtime = await start()
    training, person, poison = run(), asn(), accepted()
    toy.failing.add(poison.enrollment_id)
    twice = message(accepted(), "")
    done = completed(training.run_id, person.asn_id)
    waits = completed(run().run_id, person.asn_id)
    async with scraping(runtime) as scrape:
        before = await scrape.until(bina_relay_leading=1, bina_ready=1)
        await traced.send(producer, *(message(e, "") for e in (training, person, poison)), twice, twice)
        await traced.send(producer, message(done, ""), message(waits, ""))
        await scrape.until(bina_messages_total__applied=4, bina_outbox_published_total=1, bina_waiting=1)
        found = await scrape()
    names = {key if isinstance(key, str) else key[0] for key in found}
    assert names >= NAMES
    assert {n for n in names if n.startswith("bina_") and not n.endswith("_created")} <= NAMES
    assert {
        outcome: found["bina_messages_total", outcome]
        for outcome in ("applied", "repeated", "parked", "waiting", "ignored")
    } == {"applied": 4, "repeated": 1, "parked": 1, "waiting": 1, "ignored": 0}
    assert found["bina_batch_messages_sum"] == 7
    assert found["bina_batch_messages_count"] == found["bina_effect_seconds_count"]
    assert (found["bina_parked"], found["bina_waiting"]) == (1, 1)
    assert found["bina_waiting_age_seconds"] > 0
    assert (found["bina_outbox_depth"], found["bina_outbox_age_seconds"]) == (0, 0)
    assert {found[key] for key in found if key[0] == "bina_consumer_lag"} == {0}
    assert LAG in found
    assert found["bina_scrape_complete"] == found["bina_relay_leading"] == 1
    assert (found["bina_due_overdue"], found["bina_topics_paused"]) == (0, 0)
    scrapes = found["bina_http_requests_total", "GET", "/metrics", "2xx"]
    assert scrapes > before.get(("bina_http_requests_total", "GET", "/metrics", "2xx"), 0)
    assert found["bina_http_request_seconds_count", "GET", "/metrics"] == scrapes
    ((_name, *labels),) = [key for key in found if key[0] == "bina_build_info"]
    assert labels == [runtime.service.name, version("bina-messaging")]


async def test_lag_and_what_is_left_to_do_are_read_at_the_scrape(start: Start, producer: AIOKafkaProducer):
    runtime = await start()
    async with scraping(runtime) as scrape:
        await until(lambda: _zero(scrape, LAG))
        async with runtime.sessions() as session, session.begin():
            await session.execute(text("LOCK TABLE messaging.inbox IN EXCLUSIVE MODE"))
            await traced.send(producer, *(message(accepted(), "") for _ in range(30)))
            stuck = await scrape()
            assert stuck[LAG] == 30
        async with runtime.sessions() as session, session.begin():
            await due.add(session, [DueItem("nobody's", "1", clock.now())])
        await until(lambda: _zero(scrape, LAG))
        assert (await scrape())["bina_due_overdue"] == 1


async def all_told(scrape: Scraper) -> None:
    """Once everything that other tests left on the topics is applied, and what came of it is published."""
    await until(lambda: _zero(scrape, LAG))
    await scrape.until(bina_relay_leading=1, bina_outbox_depth=0, bina_scrape_complete=1)


async def _zero(scrape: Scraper, key: tuple[str, ...]) -> bool:
    return (await scrape()).get(key) == 0


async def test_facts_that_nobody_publishes_show_their_number_and_age(start: Start):
    runtime = await start()
    async with scraping(runtime) as scrape:
        await all_told(scrape)
        await runtime.stop()
        stopped = Runtime(runtime.service, runtime.settings)
    async with scraping(stopped) as scrape:
        async with stopped.transaction() as session:
            await emit(session, [accepted(), accepted()])
        found = await scrape()
        assert (found["bina_outbox_depth"], found["bina_relay_leading"], found["bina_ready"]) == (2, 0, 0)
        assert found["bina_outbox_age_seconds"] > 0
    await stopped.engine.dispose()


async def test_a_scrape_tells_the_rest_while_the_broker_hangs(start: Start, kafka: Broker):
    if not isinstance(kafka, Kafka):
        pytest.skip("only a broker that is our own child can be frozen")
    runtime = await start()
    assert kafka.child is not None
    assert kafka.child.pid is not None
    async with scraping(runtime) as scrape:
        await all_told(scrape)
        os.kill(kafka.child.pid, signal.SIGSTOP)
        try:
            async with runtime.transaction() as session:
                await emit(session, [accepted()])
            found = await scrape()
        finally:
            os.kill(kafka.child.pid, signal.SIGCONT)
    assert (found["bina_scrape_complete"], found["bina_outbox_depth"]) == (0, 1)
    assert not [key for key in found if key[0] in {"bina_consumer_lag", "bina_group_lag"}]


async def test_a_scrape_answers_while_the_database_is_away():
    url = "postgresql+asyncpg://toy:toy@127.0.0.1:1/toy"
    runtime = Runtime(toy.service, Settings(database_url=url, kafka="127.0.0.1:1", secret="x" * 32))
    runtime.metrics.published.inc(3)
    async with scraping(runtime) as scrape:
        found = await scrape()
    assert (found["bina_scrape_complete"], found["bina_outbox_published_total"]) == (0, 3)
    assert math.isnan(found["bina_outbox_depth"])
    await runtime.engine.dispose()
