"""A browser at the door: to the provider and back, in and out."""

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from .conftest import Site


async def to_provider(client: httpx.AsyncClient, path: str = "/beranda") -> str:
    """Where the provider sends the browser back to, code and state in hand."""
    off = await client.get(f"/masuk/mulai?lanjut={path}")
    assert off.status_code == 303, off.text
    async with httpx.AsyncClient() as browser:
        back = await browser.get(off.headers["location"])
    return back.headers["location"]


async def signs_in(client: httpx.AsyncClient, path: str = "/beranda") -> httpx.Response:
    return await client.get(await to_provider(client, path))


def is_signed_in(client: httpx.AsyncClient) -> bool:
    return bool(client.cookies.get("bina_session"))


async def leaves(client: httpx.AsyncClient) -> httpx.Response:
    from .test_pages import sends  # which is a test module itself

    return await sends(client, "/enrollment/jp", "/keluar")


async def logout(door: "Site", token: str) -> httpx.Response:
    async with door.client() as provider:
        return await provider.post("/enrollment/api/v1/backchannel-logout", data={"logout_token": token})
