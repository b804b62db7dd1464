"""Schedules as calendars: of a run, of a person, and by a link that can be renewed and revoked."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
from icalendar import Calendar

from bina.web.access import WORKDAY, sign

from .attending import FIRST, PAGE, SECOND, hold, sends
from .conftest import SECRET, Site
from .story import CITY, SMALL, TESTED, asked, asn_id

OWN = "/enrollment/kalender"


def events(answer: httpx.Response) -> list[tuple[str, object]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    found = Calendar.from_ical(answer.content).walk("VEVENT")
    return [(str(one["summary"]), one["dtstart"].dt) for one in found]


async def link_of(client: httpx.AsyncClient) -> str:
    found = re.search(r"<pre[^>]*>http://bina.test(\S+)</pre>", (await client.get(OWN)).text)
    return found[1] if found else ""


async def test_a_runs_sessions_stand_in_its_calendar_in_the_fields_zone(site: Site):
    await hold(site, FIRST, SECOND)
    async with site.client("asn", person=5) as client:
        answer = await client.get(f"{PAGE}/jadwal.ics")
    zone = ZoneInfo("Asia/Jakarta")
    assert [at for _name, at in events(answer)] == [
        datetime(2026, 11, 19, 8, tzinfo=zone),
        datetime(2026, 11, 20, 9, 30, tzinfo=zone),
    ]
    assert b"BEGIN:VTIMEZONE" in answer.content
    assert b"Pegawai" not in answer.content


async def test_a_person_finds_own_runs_only_whole_days_where_there_are_no_sessions(site: Site):
    await hold(site, SECOND, people=(1, 2))
    await site.svc.receives(asked(1, SMALL), agency=CITY)
    async with site.client("asn", person=1) as client:
        found = events(await client.get(f"{OWN}.ics"))
        assert "Jadwal berikutnya: 20 Nov 2026, 09.30 WIB." in (await client.get(OWN)).text
    assert [name for name, _at in found] == ["Manajemen Perubahan", "Pengelolaan Keuangan Daerah"]
    assert str(found[1][1]) == "2026-12-01"
    async with site.client("asn", person=3) as other:
        assert events(await other.get(f"{OWN}.ics")) == []


async def test_a_link_opens_the_calendar_until_it_is_renewed_or_revoked(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=1) as client, site.client() as programme:
        assert await link_of(client) == ""
        await sends(client, OWN, OWN, tautan="baru")
        first = await link_of(client)
        assert [name for name, _at in events(await programme.get(first))] == ["Manajemen Perubahan"]
        assert (await programme.get(first)).headers["referrer-policy"] == "no-referrer"
        await sends(client, OWN, OWN, tautan="baru")
        second = await link_of(client)
        assert (await programme.get(first)).status_code == 404
        assert (await programme.get(second)).status_code == 200
        await sends(client, OWN, OWN, tautan="matikan")
        assert (await programme.get(second)).status_code == 404
        assert await link_of(client) == ""


async def test_a_forged_link_opens_nothing(site: Site):
    await hold(site, SECOND, people=(1,))
    async with site.client("asn", person=1) as client, site.client() as programme:
        await sends(client, OWN, OWN, tautan="baru")
        claims = {"asn": str(asn_id(1)), "generation": 1}
        for token in (
            sign("calendar", claims, SECRET + "x", WORKDAY),
            sign("task", claims, SECRET, WORKDAY),
            "x",
        ):
            assert (await programme.get(f"{OWN}/{token}")).status_code == 404
        assert (await programme.get(f"{OWN}/{sign('calendar', claims, SECRET, WORKDAY)}")).status_code == 200


async def test_a_cancelled_run_says_so(site: Site):
    await hold(site, SECOND, people=(1,))
    await site.command(f"runs/{TESTED}/cancel", {"reason": "Narasumber berhalangan"}, "operator")
    async with site.client("asn", person=1) as client:
        answer = await client.get(f"{OWN}.ics")
    assert b"STATUS:CANCELLED" in answer.content
