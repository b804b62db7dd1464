"""Nobody takes more than their share: not a person, not an agency, not an address without a session."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from bina.web.access import Person, issue_task_link, issue_token
from bina.web.rates import Buckets, Limiter, Rates
from web.conftest import SECRET

PLENTY = dict.fromkeys(Rates.model_fields, 10**6)
Site = Callable[..., httpx.AsyncClient]


def test_a_bucket_gives_a_minutes_worth_at_once_and_refills_evenly():
    bucket = Buckets(per_minute=6)
    assert [bucket.take("a", 100.0) for _n in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert bucket.take("b", 100.0) == 0
    assert bucket.take("a", 104.0) == 6
    assert (bucket.take("a", 110.0), bucket.take("a", 110.0)) == (0, 10)


def test_a_refused_request_costs_nothing():
    bucket = Buckets(per_minute=1)
    assert bucket.take("a", 0.0) == 0
    assert {bucket.take("a", 1.0) for _n in range(50)} == {59}
    assert bucket.take("a", 60.0) == 0


def test_buckets_that_are_full_again_are_forgotten():
    bucket = Buckets(per_minute=60)
    for n in range(1000):
        bucket.take(str(n), 0.0)
    for n in range(1000):
        bucket.take("last", 100.0 + n)
    assert len(bucket) == 1


def test_no_more_keys_are_kept_than_there_is_room_for():
    bucket = Buckets(per_minute=1, most=100)
    for n in range(10_000):
        bucket.take(str(n), 0.0)
    assert len(bucket) == 100
    assert bucket.take("9999", 0.0) > 0


@pytest.fixture
def rated(app: FastAPI) -> Iterator[Callable[..., None]]:
    """Set the sample's budgets: `rated(person_reads=2)`; the others are plenty."""

    def use(**budgets: int) -> None:
        app.state.limiter = Limiter(Rates(**PLENTY | budgets))

    yield use
    app.state.limiter = Limiter(Rates())


@pytest.fixture
def site(app: FastAPI) -> Site:
    """Somebody at an address, signed in as a person of an agency, as a machine, or not at all."""

    def make(
        person: UUID | None = None,
        agency: str | None = "",
        *,
        name: str = "SIMPEG",
        address: str = "10.0.0.1",
    ) -> httpx.AsyncClient:
        cookies = {}
        if agency != "":
            who = Person(person, name, frozenset({"operator"}), agency)
            cookies["bina_session"] = issue_token(who, SECRET)
        transport = httpx.ASGITransport(app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)

    return make


async def codes(client: httpx.AsyncClient, path: str = "/toy/api/v1/me", times: int = 1) -> list[int]:
    return [(await client.get(path)).status_code for _n in range(times)]


async def test_a_person_waits_others_do_not(rated, site: Site):
    rated(person_reads=2)
    ratna, budi = site(uuid4(), "6472"), site(uuid4(), "6472")
    assert await codes(ratna, times=3) == [200, 200, 429]
    assert await codes(budi) == [200]


async def test_an_agency_waits_as_a_whole(rated, site: Site):
    rated(agency_reads=3)
    people, machine = [site(uuid4(), "6472") for _n in range(2)], site(None, "6472")
    assert [await codes(client) for client in (*people, machine)] == [[200], [200], [200]]
    assert [await codes(client) for client in (*people, machine)] == [[429], [429], [429]]
    assert await codes(site(uuid4(), "5571")) == [200]


async def test_machines_without_an_agency_have_a_budget_each(rated, site: Site):
    rated(agency_reads=1)
    first, second = site(None, None, name="pemuat"), site(None, None, name="lainnya")
    assert [await codes(first, times=2), await codes(second)] == [[200, 429], [200]]


async def test_without_a_session_the_address_counts(rated, site: Site):
    rated(address_reads=2)
    assert await codes(site(), "/toy/beranda", times=3) == [200, 200, 429]
    assert await codes(site(address="10.0.0.2"), "/toy/beranda") == [200]
    assert await codes(site(uuid4(), "6472"), "/toy/beranda") == [200]


async def test_a_forged_session_counts_as_none(rated, site: Site):
    rated(address_reads=1)
    for n, expected in enumerate([401, 429]):
        client = site()
        client.cookies["bina_session"] = f"forged-{n}"
        assert await codes(client) == [expected]


async def test_an_address_of_ipv6_is_its_network(rated, site: Site):
    rated(address_reads=1)
    asked = [site(address=f"2001:db8:1:{net}::{n}") for net, n in ((2, 1), (2, 2), (3, 1))]
    assert [await codes(client, "/toy/beranda") for client in asked] == [[200], [429], [200]]


async def test_reading_and_commanding_are_counted_apart_and_a_refused_command_can_come_again(
    rated, site: Site
):
    rated(person_commands=1)
    client = site(uuid4(), "6472")

    async def take(key: str) -> httpx.Response:
        body = {"name": "Ratna Dewi", "jp": 8}
        return await client.post("/toy/api/v1/seats", json=body, headers={"Idempotency-Key": key})

    assert (await take("first-key")).status_code == 201
    refused = await take("second-key")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:bina:problem:too-many-requests"
    assert refused.headers["retry-after"] == "60"
    assert await codes(client) == [200]
    rated()
    assert (await take("second-key")).status_code == 201


async def test_a_page_says_how_long_to_wait(rated, site: Site):
    rated(address_reads=1)
    client = site()
    await client.get("/toy/beranda")
    page = await client.get("/toy/beranda")
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert "Terlalu banyak permintaan dalam waktu singkat." in page.text
    assert "Tunggu 60 detik, lalu coba lagi." in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_proving_who_one_is_has_a_budget_of_its_own(rated, site: Site):
    rated(address_entries=3)
    link = issue_task_link(uuid4(), SECRET, datetime.now(UTC) + timedelta(days=1))
    client, other = site(), site(address="10.0.0.2")
    guesses = [f"/toy/tugas/{link}", "/toy/tugas/guess", "/masuk/kembali", "/toy/tugas/guess"]
    assert [(await client.get(path)).status_code for path in guesses] == [200, 404, 404, 429]
    assert (await site(uuid4(), "6472").get("/masuk/kembali")).status_code == 429
    assert (await client.get("/toy/beranda")).status_code == 200
    assert (await other.get("/toy/tugas/guess")).status_code == 404


async def test_probes_and_static_files_are_free(rated, site: Site):
    rated(address_reads=1)
    client = site()
    assert await codes(client, "/healthz", times=3) == [200, 200, 200]
    assert set(await codes(client, "/static/none.css", times=3)) == {404}
    assert await codes(client, "/toy/beranda") == [200]


def test_a_budget_of_nothing_stops_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BINA_RATE_PERSON_READS", "0")
    with pytest.raises(ValueError, match="person_reads"):
        Rates()
