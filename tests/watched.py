"""As of which version a page is made."""

import re

import httpx


async def version_of(client: httpx.AsyncClient, path: str) -> str:
    """The version that a live page carries. Its parts have a name each, by which they are found again."""
    page = await client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    parts = re.findall(r'id="([^"]+)" data-live', page.text)
    assert parts, path
    names = re.findall(r'\sid="([^"]+)"', page.text)
    assert [name for name in parts if names.count(name) > 1] == []
    (version,) = re.findall(r'data-version="(\w+)"', page.text)
    return version
