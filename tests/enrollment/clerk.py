"""Somebody at the pages of imports."""

import html
import re

import httpx

PATH = "/enrollment/impor"


class Clerk:
    """Somebody at the pages, who follows forms as a browser without a script does."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def sees(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return words(answer.text)

    async def sends(self, page: str, action: str, files=None, **fields: str) -> httpx.Response:
        """Send the form of a page that leads to an action, with its hidden fields."""
        shown = (await self.http.get(page)).text
        form = next(f for f in re.findall(r"<form.*?</form>", shown, re.DOTALL) if f'action="{action}"' in f)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        return await self.http.post(action, data=hidden | fields, files=files)

    async def uploads(
        self, content: bytes, kind: str, name: str = "berkas.csv", **more: str
    ) -> httpx.Response:
        return await self.sends(PATH + "/baru", PATH + "/baru", {"file": (name, content)}, kind=kind, **more)

    async def uploaded(self, content: bytes, kind: str, name: str = "berkas.csv") -> str:
        """The address of the import that came of it."""
        answer = await self.uploads(content, kind, name)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


def words(page: str) -> str:
    """A page's text, of its main part."""
    inside = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inside)).split())


def figures(page: str) -> dict[str, str]:
    """The large numbers by their labels."""
    found = re.findall(r'figure-label">(.*?)</p><p class="figure-value">([^<]*?) ?<', page)
    return {re.sub(r"<[^>]+>|<svg.*?</svg>", "", label).strip(): value.strip() for label, value in found}
