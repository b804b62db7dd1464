import re
from datetime import timedelta

import pytest
import pytest_asyncio

from bina.events.enrollment import AsnRecorded
from bina.messaging import clock
from bina.messaging.records import Message
from bina.messaging.testing import ServiceUnderTest
from web.conftest import token
from web.operating import API, fields_of, key
from workbooks import rows_of


@pytest_asyncio.fixture
async def held(service: ServiceUnderTest):
    """A message of an agency that cannot be read, parked."""
    message = Message(
        "enrollment.trainings", 0, 7, b"run-1", (("ce_type", b"training.announced.v1"),), b"{broken"
    )
    await service.receives_raw(message)
    rows = await service.rows("SELECT id FROM messaging.held")
    return rows[0].id


async def test_a_parked_message_shows_its_cause(client, held):
    overview = (await client.get("/toy/ops")).text
    page = (await client.get(f"/toy/ops/gagal/{held}")).text
    listed = (await client.get(f"{API}/parked")).json()
    one = (await client.get(f"{API}/parked/{held}")).json()
    status = (await client.get(f"{API}/status")).json()
    backlog = (await client.get(f"{API}/backlog")).json()
    assert {name: backlog[name] for name in ("outbox", "parked", "waiting", "due")} == {
        "outbox": 0,
        "parked": 1,
        "waiting": 0,
        "due": 0,
    }
    assert "1 pesan diparkir" in overview
    assert f'href="/toy/ops/gagal/{held}"' in overview
    assert "{broken" in page
    assert [(row["id"], row["topic"]) for row in listed] == [(held, "enrollment.trainings")]
    assert one["value"] == "{broken"
    assert (status["service"], status["ready"], status["parked"]) == ("toy", False, 1)


async def test_groups_are_sorted_and_given_out(client, service, held):
    headers = (("ce_type", AsnRecorded.type.encode()),)
    for place in (8, 9):
        await service.receives_raw(Message(AsnRecorded.topic, 0, place, b"x%d" % place, headers, b"{broken"))
    for place in (10, 11):
        again = (("ce_type", b"training.announced.v1"),)
        await service.receives_raw(
            Message("enrollment.trainings", 0, place, b"run-%d" % place, again, b"{broken")
        )
    for order, counts in (("", [3, 2]), ("urut=pesan&arah=naik", [2, 3]), ("urut=pertama", [3, 2])):
        page = (await client.get(f"/toy/ops?{order}")).text
        book = rows_of(await client.get(f"/toy/ops/kelompok.xlsx?{order}"))
        assert [row[2] for row in book[1:]] == counts
        samples = re.findall(r'class="tap nowrap" href="/toy/ops/gagal/(\d+)"', page)
        assert samples == [str(row[6]) for row in book[1:]]
        assert (await client.get(f"/toy/ops/kelompok.csv?{order}")).text.count("\r\n") == 3
    assert (await client.get("/toy/ops?urut=sebab")).status_code == 422


async def test_a_damaged_message_offers_to_discard_it_before_trying_again(client, held):
    page = (await client.get(f"/toy/ops/gagal/{held}")).text
    (primary,) = re.findall(r'<button class="primary"[^>]*>([^<]+)<', page)
    assert primary == "Buang"
    assert page.index("/buang") < page.index("/ulangi")


async def test_operations_say_which_clock_they_tell(client, held):
    together = (await client.get("/toy/ops")).text
    clock.move(timedelta(days=-2))
    try:
        apart = (await client.get("/toy/ops")).text
    finally:
        clock.move(timedelta(0))
    assert "sama dengan jam server" in together
    assert "dipindahkan oleh peragaan" in apart
    assert "Waktu menurut jam server" in apart


async def test_a_redrive_that_fails_again_stays_parked(client, held):
    answer = await client.post(f"{API}/parked/{held}/redrive", headers=key())
    assert (answer.status_code, answer.json()) == (200, {"applied": 0})
    assert (await client.get(f"{API}/parked/{held}")).json()["attempts"] == 2


async def test_a_discard_needs_a_reason(client, held):
    path = f"/toy/ops/gagal/{held}"
    refused = await client.post(f"{path}/buang", data=await fields_of(client, path, "buang"))
    api = await client.post(f"{API}/parked/{held}/discard", json={"reason": ""}, headers=key())
    assert (refused.status_code, api.status_code) == (422, 422)
    assert len((await client.get(f"{API}/parked")).json()) == 1


async def test_a_discard_with_a_reason_clears_the_list_and_says_so(client, held):
    path = f"/toy/ops/gagal/{held}"
    data = await fields_of(client, path, "buang") | {"reason": "Berkas uji coba vendor, bukan data."}
    done = await client.post(f"{path}/buang", data=data)
    overview = (await client.get(done.headers["location"])).text
    assert done.status_code == 303
    assert "Pesan dibuang; alasannya tersimpan." in overview
    assert "Tidak ada pesan yang tertahan." in overview
    assert (await client.get(f"{API}/parked")).json() == []
    again = await client.post(f"{API}/parked/{held}/discard", json={"reason": "sekali lagi"}, headers=key())
    assert again.json()["type"] == "urn:bina:problem:not-parked"


@pytest.mark.parametrize("path", ["/status", "/parked", "/parked/1"])
async def test_operations_are_for_the_platform_alone(client, path):
    client.cookies.set("bina_session", token("bkd", "head", "operator"))
    assert (await client.get(f"{API}{path}")).status_code == 403
    assert (await client.get("/toy/ops")).status_code == 403


async def test_a_message_that_is_not_held_is_not_found(client):
    assert (await client.get(f"{API}/parked/999")).status_code == 404
    assert (await client.post(f"{API}/parked/999/redrive", headers=key())).status_code == 404
