"""Inbox, ledger, preferences and the API, over HTTP on a real database."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest

from . import story as facts
from .browsing import Browse
from .story import BUDI, DEWI, RAHMA, START, at

FRAGMENT = {"X-Fragment": "1"}


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]+)">', page.text))


async def test_the_inbox_shows_unread_first_and_opening_one_reads_it(told: ServiceUnderTest, browse: Browse):
    rahma = browse(RAHMA, "asn", agency="5571")
    page = await rahma.get("/notification/kotak-masuk")
    assert page.status_code == 200
    assert "12 pemberitahuan belum dibaca." in page.text
    assert "Jumat, 20 November 2026" in page.text
    assert "Sudah dibaca" not in page.text
    [row] = await told.rows("SELECT notice_id, run_id FROM notices WHERE kind = 'training_completed'")
    opened = await rahma.get(f"/notification/kotak-masuk/{row.notice_id}")
    assert "Selesai: Manajemen Perubahan, 30 JP tercatat" in opened.text
    assert 'href="/enrollment/jp"' in opened.text
    page = await rahma.get("/notification/kotak-masuk")
    assert "11 pemberitahuan belum dibaca." in page.text
    assert (
        page.text.index("Belum dibaca")
        < page.text.index("Sudah dibaca")
        < page.text.index("Selesai: Manajemen")
    )


async def test_all_can_be_marked_read_with_a_form(told: ServiceUnderTest, browse: Browse):
    rahma = browse(RAHMA, "asn")
    page = await rahma.get("/notification/kotak-masuk")
    done = await rahma.post("/notification/kotak-masuk/dibaca", data=hidden(page))
    assert (done.status_code, done.headers["location"]) == (303, "/notification/kotak-masuk")
    assert (await rahma.get("/notification/api/v1/notices/unread")).json() == {"unread": 0}
    assert (await browse(BUDI, "asn").get("/notification/api/v1/notices/unread")).json() == {"unread": 8}


async def test_nobody_opens_anothers_notice(told: ServiceUnderTest, browse: Browse):
    [row] = await told.rows("SELECT notice_id FROM notices WHERE kind = 'training_completed'")
    assert (await browse(BUDI, "asn").get(f"/notification/kotak-masuk/{row.notice_id}")).status_code == 404
    assert (await told.rows("SELECT count(*) AS n FROM notices WHERE read_at IS NOT NULL"))[0].n == 0


async def test_an_empty_inbox_says_why(notification: ServiceUnderTest, browse: Browse):
    page = await browse(uuid4(), "asn").get("/notification/kotak-masuk")
    assert "Belum ada pemberitahuan." in page.text
    assert "/enrollment/katalog" in page.text


async def test_a_long_inbox_goes_on(notification: ServiceUnderTest, browse: Browse):
    training, person = facts.run(), facts.person()
    tests = [facts.opened_test(training.run_id, person.asn_id) for _ in range(40)]
    await notification.receives(at(training), at(person), *(at(t) for t in tests))
    async with notification.sessions() as session, session.begin():
        await session.execute(text("UPDATE notices SET read_at = now()"))
    client = browse(person.asn_id, "asn")
    first = await client.get("/notification/kotak-masuk")
    [onward] = re.findall(r'href="(/notification/kotak-masuk\?sesudah=[^"]+)"', first.text)
    second = await client.get(onward)
    ids = [
        set(re.findall(r'href="/notification/kotak-masuk/([0-9a-f-]{36})"', p.text)) for p in (first, second)
    ]
    assert (len(ids[0]), len(ids[1]), len(ids[0] | ids[1])) == (30, 10, 40)


async def test_the_fragment_shows_the_three_newest_and_stands_alone_as_a_link(
    told: ServiceUnderTest, browse: Browse
):
    rahma = browse(RAHMA, "asn")
    part = await rahma.get("/notification/potongan/beranda", headers=FRAGMENT)
    assert part.text.count("<li class=") == 3
    assert "12 belum dibaca" in part.text
    assert "<html" not in part.text
    alone = await rahma.get("/notification/potongan/beranda")
    assert (alone.status_code, alone.headers["location"]) == (303, "/notification/kotak-masuk")


async def test_the_link_of_a_task_opens_it(notification: ServiceUnderTest, browse: Browse):
    training, boss = facts.run(), facts.person()
    clock.move(START - clock.now() + clock.offset())
    opened = facts.task(training.run_id, boss.asn_id, uuid4())
    await notification.receives(at(training), at(boss), at(opened))
    [row] = await notification.rows("SELECT notice_id FROM notices")
    page = await browse(boss.asn_id, "supervisor").get(f"/notification/kotak-masuk/{row.notice_id}")
    assert f'href="/evaluation/tugas/{opened.task_id}"' in page.text


async def test_the_ledger_says_who_was_told_or_why_not(told: ServiceUnderTest, browse: Browse):
    async with told.sessions() as session, session.begin():
        await session.execute(
            text(
                """UPDATE deliveries SET state = 'failed', reason_code = 'refused', reason = '550 no such user',
                attempts = 1, ended_at = now() WHERE recipient_id = :id"""
            ),
            {"id": RAHMA},
        )
    operator = browse(uuid4(), "operator", agency="5571")
    page = await operator.get("/notification/buku-kirim?keadaan=gagal")
    assert "12 surel gagal dan dapat diulangi." in page.text
    assert page.text.count("Rahma Yulita</th>") == 12
    assert "Server surel penerima menolak. 550 no such user" in page.text
    assert "Budi Santoso" not in page.text
    done = await operator.post("/notification/buku-kirim/ulangi", data=hidden(page))
    assert done.headers["location"] == "/notification/buku-kirim?keadaan=menunggu"
    rows = await told.rows(
        "SELECT DISTINCT state, attempts FROM deliveries WHERE recipient_id = :id", id=RAHMA
    )
    assert [tuple(row) for row in rows] == [("waiting", 0)]


async def test_the_ledger_ends_at_the_agency_and_the_unit(told: ServiceUnderTest, browse: Browse):
    unit = uuid4()
    below = facts.person(name="Nur Aini", unit_path=(unit, uuid4()))
    training = facts.run()
    later = START + timedelta(hours=1)
    await told.receives(
        at(below), at(training, later), at(facts.accepted(training.run_id, below.asn_id), later)
    )

    async def names(**scope: object) -> set[str]:
        roles = ["platform"] if scope.pop("platform", False) else ["operator"]
        page = await browse(uuid4(), *roles, **scope).get("/notification/buku-kirim")
        assert page.status_code == 200
        return set(re.findall(r'<th scope="row">([^<]+)</th>', page.text))

    assert await names(agency="5508") == {"Dewi Lestari"}
    assert await names(agency="5571", unit=unit) == {"Nur Aini"}
    assert "Dewi Lestari" not in await names(agency="5571")
    assert {"Dewi Lestari", "Nur Aini"} <= await names(platform=True)


@pytest.mark.parametrize(
    ("path", "roles", "agency", "status"),
    [
        ("/notification/buku-kirim", ["asn"], "5571", 403),
        ("/notification/buku-kirim", ["operator"], None, 403),
        ("/notification/api/v1/deliveries", ["asn"], "5571", 403),
        (f"/notification/api/v1/notices?recipient={DEWI}", ["operator"], "5571", 404),
        (f"/notification/api/v1/notices?recipient={DEWI}", ["operator"], "5508", 200),
        (f"/notification/api/v1/notices?recipient={DEWI}", ["asn"], "5508", 404),
        (f"/notification/api/v1/notices?recipient={DEWI}", ["platform"], None, 200),
        ("/notification/api/v1/notices?after=nonsense", ["asn"], None, 422),
    ],
)
async def test_each_role_sees_what_is_its_own(
    told: ServiceUnderTest, browse: Browse, path: str, roles: list[str], agency: str | None, status: int
):
    assert (await browse(uuid4(), *roles, agency=agency).get(path)).status_code == status


async def test_the_search_takes_wildcards_as_signs(told: ServiceUnderTest, browse: Browse):
    operator = browse(uuid4(), "operator", agency="5571")
    assert "Rahma Yulita</th>" in (await operator.get("/notification/buku-kirim?cari=rahma")).text
    assert "</th>\n<td>" not in (await operator.get("/notification/buku-kirim?cari=%25")).text


async def test_preferences_are_kept_and_change_the_language(told: ServiceUnderTest, browse: Browse):
    rahma = browse(RAHMA, "asn")
    page = await rahma.get("/notification/preferensi")
    assert "Dikirim ke rahma@example.org." in page.text
    done = await rahma.post("/notification/preferensi", data={**hidden(page), "language": "en"})
    assert done.status_code == 303
    [row] = await told.rows("SELECT * FROM preferences")
    assert (row.asn_id, row.language, row.email) == (RAHMA, "en", False)
    notices = (await rahma.get("/notification/api/v1/notices")).json()["notices"]
    assert "Completed: Manajemen Perubahan, 30 JP recorded" in {n["subject"] for n in notices}
    refused = await rahma.post("/notification/preferensi", data={**hidden(page), "language": "xx"})
    assert refused.status_code == 422


async def test_the_api_pages_through_notices_and_marks_one_read_once(told: ServiceUnderTest, browse: Browse):
    rahma = browse(RAHMA, "asn")
    found, after = [], ""
    while after is not None:
        page = (await rahma.get("/notification/api/v1/notices", params={"limit": 3, "after": after})).json()
        found += page["notices"]
        after = page["next"]
    assert len(found) == len({n["notice_id"] for n in found}) == 12
    assert [n["occurred_at"] for n in found] == sorted((n["occurred_at"] for n in found), reverse=True)
    path = f"/notification/api/v1/notices/{found[0]['notice_id']}/read"
    assert (await rahma.post(path)).status_code == 400
    for _ in range(2):
        answer = await rahma.post(path, headers={"Idempotency-Key": "read-once-1"})
        assert (answer.status_code, answer.json()) == (200, {"read": 1})


async def test_the_api_lists_deliveries_and_retries_named_ones(told: ServiceUnderTest, browse: Browse):
    machine = browse(None, "operator", agency="5571")
    listed = (await machine.get("/notification/api/v1/deliveries", params={"recipient": str(RAHMA)})).json()
    assert {d["state"] for d in listed["deliveries"]} == {"waiting"}
    one, other = (d["notice_id"] for d in listed["deliveries"][:2])
    async with told.sessions() as session, session.begin():
        await session.execute(text("UPDATE deliveries SET state = 'failed', reason_code = 'refused'"))
    body, key = {"notice_ids": [one]}, {"Idempotency-Key": "retry-one-1"}
    answer = await machine.post("/notification/api/v1/deliveries/retry", json=body, headers=key)
    assert answer.json() == {"queued": 1}
    failed = await machine.get("/notification/api/v1/deliveries", params={"state": "failed", "limit": 200})
    states = {d["notice_id"] for d in failed.json()["deliveries"]}
    assert one not in states
    assert other in states
    elsewhere = browse(None, "operator", agency="5508")
    answer = await elsewhere.post(
        "/notification/api/v1/deliveries/retry",
        json={"notice_ids": [other]},
        headers={"Idempotency-Key": "retry-two-2"},
    )
    assert answer.json() == {"queued": 0}
