"""Routes behind what their paths begin with: the same answers, without trying those of others."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from bina.web.branch import Branch

tried: list[str] = []


class Noting(APIRouter):
    """Routes that note which paths they are tried for."""

    def matches(self, scope):
        tried.append(scope["path"])
        return super().matches(scope)


def _routes() -> APIRouter:
    routes = Noting()

    @routes.get("/angkatan")
    @routes.get("/angkatan/{code}/peserta")
    async def shown(code: str = "") -> str:
        return code

    return routes


@pytest.fixture
def app() -> FastAPI:
    tried.clear()
    app = FastAPI()
    app.include_router(Branch(_routes(), "/toy"))
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "is_tried"),
    [
        ("GET", "/toy/angkatan", 200, True),
        ("GET", "/toy/angkatan/A-1/peserta", 200, True),
        ("GET", "/toy/angkatan/", 307, True),
        ("POST", "/toy/angkatan", 405, True),
        ("GET", "/toy/angkatan/A-1", 404, True),
        ("GET", "/toy/katalog", 404, False),
        ("GET", "/angkatan", 404, False),
    ],
)
async def test_a_path_is_answered_as_without_and_tried_only_where_it_may_belong(
    app, method, path, status, is_tried
):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy") as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert bool(tried) is is_tried


async def test_behind_a_path_of_its_own_a_site_finds_its_pages(app):
    transport = httpx.ASGITransport(app, root_path="/bina")
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        assert (await client.get("/bina/toy/angkatan")).status_code == 200
