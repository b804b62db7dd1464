from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, met, requested
from watched import version_of
from web.conftest import token
from web.operating import API, OPS, fields_of, key

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest_asyncio.fixture
async def cause(service: ServiceUnderTest, client: AsyncClient) -> str:
    """The group of three messages that failed by a defect, mended since; two follow behind."""
    events = [accepted() for _ in range(3)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(*events, *(met(e.enrollment_id) for e in events[:2]))
    toy.failing.clear()
    [group] = (await client.get(f"{API}/parked/groups")).json()
    return group["cause"]


async def work_off(app: FastAPI) -> None:
    day = 0
    while await app.state.runtime.redriver.step(LATER + timedelta(days=day)):
        day += 1


async def test_a_group_is_shown_with_what_it_holds_up(client, cause):
    [group] = (await client.get(f"{API}/parked/groups")).json()
    members = (await client.get(f"{API}/parked", params={"group": cause, "limit": 2})).json()
    rest = (await client.get(f"{API}/parked", params={"group": cause, "after": members[-1]["id"]})).json()
    overview = (await client.get(OPS)).text
    page = (await client.get(f"{OPS}/kelompok/{cause}")).text
    assert (group["count"], group["behind"], group["sentence"]) == (3, 2, "cannot take #")
    assert (len(members), len(rest), group["sample"]) == (2, 1, members[0]["id"])
    assert f'href="{OPS}/kelompok/{cause}?keadaan=parked"' in overview
    assert "LookupError: cannot take #" in page
    assert f'href="{OPS}/gagal/{rest[0]["id"]}"' in page


async def test_a_group_is_redriven_from_its_page_up_to_the_report(client, cause, operating):
    path = f"{OPS}/kelompok/{cause}"
    data = await fields_of(client, path, "ulangi") | {"per_second": "4"}
    given = await client.post(f"{path}/ulangi", data=data)
    again = await client.post(f"{path}/ulangi", data=data)
    running = (await client.get(given.headers["location"])).text
    await work_off(operating)
    report = (await client.get(given.headers["location"])).text
    [job] = (await client.get(f"{API}/redrives")).json()
    assert (given.status_code, again.headers["location"]) == (303, given.headers["location"])
    assert "Pengulangan sedang berjalan" in running
    assert "/hentikan" in running
    assert "3 dari 3 pesan dicoba: 3 berlaku, 0 gagal lagi." in report
    assert "/hentikan" not in report
    assert (job["state"], job["applied"], job["others_applied"], job["per_second"]) == ("done", 3, 2, 4)
    assert job["asked_by"] == "Sulastri Handayani, S.Sos., M.Si."
    assert "Tidak ada pesan yang tertahan." in (await client.get(OPS)).text


async def test_a_report_leads_to_what_failed_again(client, cause, operating, service):
    [row] = await service.rows("SELECT min(key) AS key FROM messaging.held WHERE state = 'parked'")
    toy.failing.update(e for e in await keys(service) if str(e) == row.key)
    order = {"group": cause}
    job = (await client.post(f"{API}/redrives", json=order, headers=key())).json()
    await work_off(operating)
    toy.failing.clear()
    report = (await client.get(f"{OPS}/pengulangan/{job['id']}")).text
    assert f'href="{OPS}/kelompok/{cause}"' in report
    assert (await client.get(f"{API}/redrives/{job['id']}")).json()["failed"] == 1


async def keys(service: ServiceUnderTest) -> list:
    rows = await service.rows("SELECT DISTINCT CAST(key AS uuid) AS key FROM messaging.held")
    return [row.key for row in rows]


@pytest.mark.parametrize("scope", ["message", "key"])
async def test_a_message_or_its_key_is_redriven_from_its_page(client, cause, operating, service, scope):
    [row] = await service.rows("SELECT min(id) AS id FROM messaging.held WHERE state = 'parked'")
    path = f"{OPS}/gagal/{row.id}"
    data = await fields_of(client, path, "ulangi") | {"per_second": "50", "scope": scope}
    given = await client.post(f"{path}/ulangi", data=data)
    await work_off(operating)
    job = (
        await client.get(given.headers["location"].replace(f"{OPS}/pengulangan", f"{API}/redrives"))
    ).json()
    assert set(job["choice"]) == ({"message"} if scope == "message" else {"topic", "key"})
    assert (job["applied"], job["others_applied"]) == (1, 1)


async def test_everything_is_redriven_from_the_overview(client, cause, operating):
    data = await fields_of(client, OPS, "ulangi") | {"per_second": "50"}
    given = await client.post(f"{OPS}/ulangi", data=data)
    await work_off(operating)
    assert "Semua yang diparkir, 3 pesan" in (await client.get(given.headers["location"])).text
    assert (await client.get(f"{OPS}/pengulangan")).text.count("3 berlaku, 0 gagal lagi") == 1


async def test_the_list_of_redrives_hears_of_new_orders_and_of_each_chunk(client, cause, operating):
    page = f"{OPS}/pengulangan"
    assert "data-stream" in (await client.get(page)).text  # an empty list hears of the first
    orders = {"json": {"all": True, "per_second": 1}, "headers": key()}
    await client.post(f"{API}/redrives", **orders)
    versions = [await version_of(client, page)]
    for day in range(2):
        await operating.state.runtime.redriver.step(LATER + timedelta(days=day))
        versions.append(await version_of(client, page))
    assert len(set(versions)) == 3
    assert await version_of(client, page) == versions[-1]


async def test_a_running_redrive_is_stopped_from_its_page(client, cause, operating):
    job = (await client.post(f"{API}/redrives", json={"all": True, "per_second": 1}, headers=key())).json()
    await operating.state.runtime.redriver.step(LATER)
    path = f"{OPS}/pengulangan/{job['id']}"
    stopped = await client.post(f"{path}/hentikan", data=await fields_of(client, path, "hentikan"))
    page = (await client.get(stopped.headers["location"])).text
    late = await client.post(f"{API}/redrives/{job['id']}/cancel", headers=key())
    assert "Pengulangan dihentikan; sisanya tetap diparkir." in page
    assert "1 dari 3 pesan dicoba" in page
    assert late.json()["type"] == "urn:bina:problem:redrive-ended"
    assert (await client.get(f"{API}/parked/groups")).json()[0]["count"] == 2


async def test_a_group_is_discarded_with_its_reason_and_listed(client, cause, service):
    path = f"{OPS}/kelompok/{cause}"
    fields = await fields_of(client, path, "buang")
    refused = await client.post(f"{path}/buang", data=fields | {"reason": "uji"})
    late = accepted()
    toy.failing.add(late.enrollment_id)
    await service.receives(late)
    done = await client.post(f"{path}/buang", data=fields | {"reason": "Data uji vendor."})
    listed = (await client.get(f"{OPS}/dibuang")).text
    [left] = (await client.get(f"{API}/parked/groups")).json()
    gone = (await client.get(f"{API}/parked", params={"state": "discarded"})).json()
    assert (refused.status_code, done.status_code) == (422, 303)
    assert left["count"] == 1, "what came since the page was opened stays"
    assert {(m["discard_reason"], m["discarded_by"]) for m in gone} == {
        ("Data uji vendor.", "Sulastri Handayani, S.Sos., M.Si.")
    }
    assert listed.count("Data uji vendor.") == 3
    assert {row.history for row in await service.rows("SELECT history FROM seats")} == {"m"}


async def test_an_order_names_one_thing_that_is_parked(client, cause):
    orders = [
        {},
        {"all": True, "group": cause},
        {"topic": "a"},
        {"key": "a"},
        {"group": cause, "per_second": 0},
    ]
    for order in orders:
        assert (await client.post(f"{API}/redrives", json=order, headers=key())).status_code == 422, order
    nothing = await client.post(f"{API}/redrives", json={"group": "0" * 12}, headers=key())
    gone = await client.post(
        f"{API}/parked/groups/{'0' * 12}/discard", json={"reason": "kosong"}, headers=key()
    )
    assert {answer.json()["type"] for answer in (nothing, gone)} == {"urn:bina:problem:not-parked"}
    assert (await client.get(f"{API}/redrives")).json() == []


async def test_a_form_with_an_impossible_rate_is_refused(client, cause):
    for rate in ("", "0", "1001", "cepat", "9" * 30):
        data = await fields_of(client, OPS, "ulangi") | {"per_second": rate}
        assert (await client.post(f"{OPS}/ulangi", data=data)).status_code == 422, rate


async def test_a_group_that_cannot_be_read_offers_to_discard_it_first(client, service):
    await service.receives_raw(service.message(requested(), agency="5571")._replace(value=b"{"))
    [group] = (await client.get(f"{API}/parked/groups")).json()
    page = (await client.get(f"{OPS}/kelompok/{group['cause']}")).text
    assert page.index("/buang") < page.index("/ulangi")


@pytest.mark.parametrize("path", ["/parked/groups", "/redrives", "/redrives/1"])
async def test_redrives_are_for_the_platform_alone(client, path):
    client.cookies.set("bina_session", token("bkd", "head", "operator"))
    assert (await client.get(f"{API}{path}")).status_code == 403
    for page in ("/pengulangan", "/dibuang", "/kelompok/000000000000"):
        assert (await client.get(f"{OPS}{page}")).status_code == 403


async def test_what_is_gone_is_not_found(client):
    for path in (f"{API}/redrives/9", f"{OPS}/pengulangan/9", f"{OPS}/kelompok/000000000000"):
        assert (await client.get(path)).status_code == 404


async def test_pages_of_operations_move_with_what_they_show(client, cause, operating):
    group = f"{OPS}/kelompok/{cause}"
    before = await version_of(client, group)
    assert await version_of(client, group) == before
    data = await fields_of(client, group, "ulangi") | {"per_second": "1"}
    job = (await client.post(f"{group}/ulangi", data=data)).headers["location"]
    running = await version_of(client, job)
    assert await operating.state.runtime.redriver.step(LATER)
    moved = await version_of(client, job), await version_of(client, group)
    assert moved[0] != running
    assert moved[1] != before
    assert await version_of(client, OPS)
    for day in range(1, 10):
        await operating.state.runtime.redriver.step(LATER + timedelta(days=day))
    assert "data-stream" not in (await client.get(job)).text  # the report stays as it is
