"""What a page was made of goes when it has been sent. In a ring of references all of it would stay, request, session and
rows, until the collector comes; then everybody waits for it."""

import gc

import pytest
from httpx import AsyncClient
from starlette.requests import Request

from web.operating import OPS

PAGES = ["/toy/beranda", "/toy/dampak", "/toy/isi/1", "/toy/orang"]
OPERATIONS = [OPS, f"{OPS}/pengulangan", f"{OPS}/dibuang", f"{OPS}/audit"]


async def rings(client: AsyncClient, path: str) -> list[Request]:
    """Requests that a page leaves behind."""
    await client.get(path)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        answer = await client.get(path)
        gc.collect()
        left = [one for one in gc.garbage if isinstance(one, Request)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert answer.status_code == 200
    return left


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_leaves_no_ring_behind(client_of, path):
    async with client_of("bkd", "platform") as client:
        assert await rings(client, path) == []


@pytest.mark.parametrize("path", OPERATIONS)
async def test_a_page_of_operations_leaves_no_ring_behind(client: AsyncClient, path):
    assert await rings(client, path) == []
