"""Versions of pages move with what the pages show, and with nothing else."""

from contextlib import AsyncExitStack
from types import ModuleType

import pytest
from sqlalchemy import text

from enrollment.catalogue import pages as catalogue_pages
from enrollment.catalogue.domain import run_id_of
from enrollment.enrolments import pages as run_pages
from watched import version_of

from .conftest import Site
from .story import CITY, OPEN, PAST, SMALL, asked, enrollment_id, reported
from .test_histories import balance, declares, loads

PAGES = {
    "katalog": (1, ("asn",), "/enrollment/katalog"),
    "own run": (1, ("asn",), f"/enrollment/angkatan/{SMALL}"),
    "clerk's run": (9, ("operator",), f"/enrollment/angkatan/{SMALL}"),
    "other run": (1, ("asn",), f"/enrollment/angkatan/{OPEN}"),
    "agency": (9, ("head",), "/enrollment/instansi"),
    "agency by code": (9, ("head",), "/enrollment/instansi?instansi=" + CITY),
    "home": (1, ("asn",), "/beranda"),
    "other's home": (2, ("asn",), "/beranda"),
}


class Watched:
    """Which pages moved since the last look."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.known: dict[str, str] = {}

    async def moved(self) -> set[str]:
        async with AsyncExitStack() as stack:
            found = {}
            for name, (number, roles, path) in PAGES.items():
                client = await stack.enter_async_context(self.site.client(*roles, person=number))
                found[name] = await version_of(client, path)
        before, self.known = self.known, found
        return {name for name in PAGES if before.get(name) != found[name]}


async def test_a_page_moves_with_what_it_shows(site: Site):
    watched = Watched(site)
    assert await watched.moved() == set(PAGES)
    assert await watched.moved() == set()
    await site.svc.receives(asked(1, SMALL), agency=CITY)
    seats = {"katalog", "own run", "clerk's run", "agency", "agency by code"}
    assert await watched.moved() == {*seats, "home"}
    await site.svc.receives(asked(1, SMALL), agency=CITY)
    assert await watched.moved() == set()  # refused as known already: nothing changed
    await site.svc.receives(asked(2, SMALL), agency=CITY)
    assert await watched.moved() == {*seats, "other's home"}


async def test_a_page_moves_with_attendance_results_and_what_the_organiser_changes(site: Site):
    await site.svc.receives(asked(1, PAST), agency=CITY)
    run = f"/enrollment/angkatan/{PAST}"
    async with site.client("operator", person=9) as clerk, site.client("asn", person=1) as own:
        before = await version_of(clerk, run), await version_of(own, "/beranda")
        await site.svc.receives(reported(1, PAST), agency=CITY)
        after = await version_of(clerk, run), await version_of(own, "/beranda")
        assert all(one != other for one, other in zip(before, after, strict=True))
        body = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah baris"}
        assert (await site.command(f"results/{enrollment_id(1, PAST)}/correct", body, "operator")).is_success
        corrected = await version_of(clerk, run), await version_of(own, "/beranda")
        assert all(one != other for one, other in zip(after, corrected, strict=True))
        async with site.svc.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE runs SET location = 'Aula', recorded_at = now() WHERE run_id = :run"),
                {"run": run_id_of(PAST)},
            )
        assert await version_of(clerk, run) != corrected[0]


@pytest.mark.parametrize(
    ("made", "path"),
    [(catalogue_pages, "/enrollment/katalog"), (run_pages, f"/enrollment/angkatan/{SMALL}")],
    ids=["catalogue", "run"],
)
async def test_what_changes_while_the_page_is_made_is_told(
    site: Site, monkeypatch: pytest.MonkeyPatch, made: ModuleType, path: str
):
    """The version is of the moment in which the rows were read, though it is asked for after them."""
    watch = made.watch

    async def late(*given):
        await site.svc.receives(asked(1, SMALL), agency=CITY)
        return await watch(*given)

    async with site.client("asn", person=1) as client:
        before = await version_of(client, path)
        with monkeypatch.context() as patched:
            patched.setattr(made, "watch", late)
            assert await version_of(client, path) == before
        assert await version_of(client, path) != before
    async with site.app.state.runtime.sessions() as session:  # the pool's connections are as they were
        assert await session.scalar(text("SHOW transaction_isolation")) == "read committed"


async def test_who_reads_all_agencies_at_once_has_no_stream(site: Site):
    async with site.client("auditor", person=9, agency=None) as client:
        assert "data-stream" not in (await client.get("/enrollment/instansi")).text


async def test_jp_pages_move_with_the_ledger_and_with_an_agencys_word(site: Site):
    watched = Watched(site)
    await watched.moved()
    await loads(site, balance(1))
    assert await watched.moved() == {"agency", "agency by code", "home"}
    await loads(site, balance(1))
    assert await watched.moved() == set()
    await declares(site, complete=False)
    assert await watched.moved() == {"agency", "agency by code", "home", "other's home"}
