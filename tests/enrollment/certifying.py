"""A run whose certificates are issued: who passed it, and what is asked of it."""

import re
from typing import Any

import httpx

from .conftest import Site
from .story import CITY, PAST, reported

RUN = f"runs/{PAST}/certificates"
PAGE = f"/enrollment/angkatan/{PAST}/sertifikat"


async def pass_all(site: Site, *numbers: int, run: str = PAST, **changes: Any) -> None:
    """Let people pass a run, without a certificate of the organiser's."""
    await site.svc.receives(*(reported(n, run, **changes) for n in numbers), agency=CITY)
    await site.svc.emitted()


async def issue(site: Site, *numbers: int, run: str = PAST, **changes: Any) -> None:
    """The same, and issue theirs."""
    await pass_all(site, *numbers, run=run, **changes)
    assert (await site.command(f"runs/{run}/certificates", {}, "operator")).status_code == 202
    await site.svc.does_due_work()


async def codes(site: Site) -> list[str]:
    """Codes in the order of issue."""
    rows = await site.svc.rows("SELECT code FROM certificates ORDER BY certificate_id")
    return [row.code for row in rows]


async def verified(site: Site, code: str) -> httpx.Response:
    """The public page as a visitor gets it."""
    async with site.client() as client:
        return await client.get(f"/enrollment/verifikasi/{code}")


def words_of(page: str) -> str:
    """What stands on a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


async def numbers_of(site: Site) -> list[str]:
    rows = await site.svc.rows("SELECT number FROM certificates ORDER BY certificate_id")
    return [row.number for row in rows]
