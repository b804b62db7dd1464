"""The ledger of mails, sorted, page by page and as a file: the same rows, nobody from elsewhere."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest

from bina.messaging.testing import ServiceUnderTest
from bina.web.audit.searching import Sought, find
from workbooks import rows_of

from . import story as facts
from .browsing import Browse
from .story import RAHMA, START, at

LEDGER = "/notification/buku-kirim"


@pytest.fixture
async def many(notification: ServiceUnderTest) -> ServiceUnderTest:
    """More than a page of notices, many of them of one moment."""
    training, person = facts.run(), facts.person(name="=Rahma")
    tests = [facts.opened_test(training.run_id, person.asn_id) for _ in range(70)]
    moments = [START + timedelta(minutes=n // 30) for n in range(70)]
    shown = [at(t, moment) for t, moment in zip(tests, moments, strict=True)]
    await notification.receives(at(training), at(person), *shown)
    return notification


@pytest.mark.parametrize("way", ["naik", "turun"])
async def test_pages_of_the_ledger_are_the_file_in_pieces(many: ServiceUnderTest, browse: Browse, way: str):
    client, path, seen = browse(None, "platform"), f"{LEDGER}?urut=dicatat&arah={way}", 0
    while path:
        html = (await client.get(path)).text
        seen += html.count('<th scope="row">')
        assert f'aria-sort="{"ascending" if way == "naik" else "descending"}"' in html
        found = re.search(r'href="([^"]+)">Berikutnya<', html)
        path = unescape(found[1]) if found else ""
    book = rows_of(await client.get(f"{LEDGER}.xlsx?arah={way}"))
    moments = [row[book[0].index("Dicatat")] for row in book[1:]]
    assert (seen, len(moments)) == (70, 70)
    assert moments == sorted(moments, reverse=way == "turun")
    text = (await client.get(f"{LEDGER}.csv?arah={way}")).text
    table = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert (len(table), {row[0] for row in table[1:]}) == (71, {"'=Rahma"})
    assert book[1][0] == "=Rahma"


async def test_a_file_ends_at_the_agency_keeps_the_filter_and_is_noted(
    told: ServiceUnderTest, browse: Browse
):
    ours = (await browse(None, "operator", agency="5571").get(f"{LEDGER}.csv?cari=rahma")).text
    assert ("Rahma Yulita" in ours, "Budi Santoso" in ours, "Dewi Lestari" in ours) == (True, False, False)
    theirs = browse(None, "operator", agency="5508")
    names = {row[0] for row in rows_of(await theirs.get(f"{LEDGER}.xlsx"))[1:]}
    assert names == {"Dewi Lestari"}
    async with told.sessions() as session:
        entries = await find(session, Sought(kind="reading", whom=str(RAHMA)))
    assert [entry.action for entry in entries] == [f"GET {LEDGER}.{{form}}"]


async def test_states_narrow_the_file_too(told: ServiceUnderTest, browse: Browse):
    client = browse(None, "platform")
    for tab in ("gagal", "terkirim", "menunggu", "kedaluwarsa", "tidak-diminta"):
        page = (await client.get(f"{LEDGER}?keadaan={tab}")).text
        table = (await client.get(f"{LEDGER}.csv?keadaan={tab}")).text.splitlines()
        assert page.count('<th scope="row">') == len(table) - 1


@pytest.mark.parametrize("query", ["keadaan=hilang", "urut=penerima", "arah=x", "sesudah=x", "cari=%00"])
async def test_what_the_ledger_does_not_offer_is_refused(told: ServiceUnderTest, browse: Browse, query: str):
    for path in (LEDGER, f"{LEDGER}.csv"):
        assert (await browse(None, "platform").get(f"{path}?{query}")).status_code == 422


async def test_the_inbox_can_show_unread_notices_alone(many: ServiceUnderTest, browse: Browse):
    [row] = await many.rows("SELECT DISTINCT recipient_id FROM notices")
    client, path, seen = browse(row.recipient_id, "asn"), "/notification/kotak-masuk", []
    async with many.sessions() as session, session.begin():
        await session.fetch(
            "UPDATE notices SET read_at = now() WHERE notice_id = (SELECT min(notice_id::text)::uuid FROM notices)"
        )
    first = (await client.get(path)).text
    assert ("Lihat 39 lagi yang belum dibaca" in first, "Sudah dibaca" in first) == (True, True)
    path += "?saring=belum-dibaca"
    while path:
        html = (await client.get(path)).text
        seen += re.findall(r'href="/notification/kotak-masuk/([0-9a-f-]{36})"', html)
        assert "Sudah dibaca" not in html
        found = re.search(r'href="([^"]+)">Berikutnya<', html)
        path = unescape(found[1]) if found else ""
    assert (len(seen), len(set(seen))) == (69, 69)
    assert (await client.get("/notification/kotak-masuk?saring=semua")).status_code == 422
