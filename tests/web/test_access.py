from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter, Request

from bina.messaging import Runtime
from bina.web.access import (
    Person,
    TokenRefused,
    issue_task_link,
    issue_token,
    next_path,
    read_task_link,
    read_token,
)
from bina.web.app import UnguardedRoute, create_app
from bina.web.permissions import may
from messaging import toy
from web.conftest import SECRET, settings_for

HEAD = Person(uuid4(), "Sri Mulyati, S.H.", frozenset({"head", "asn"}), "6472", uuid4())
MACHINE = Person(None, "SIMPEG Kota Salatiga", frozenset({"operator"}), "6472")
TASK = UUID("0190b5a0-0000-7000-8000-0000000000aa")


@pytest.mark.parametrize("person", [HEAD, MACHINE])
def test_a_token_gives_back_its_person(person):
    assert read_token(issue_token(person, SECRET), SECRET) == person


def test_a_changed_or_foreign_token_is_refused():
    token = issue_token(HEAD, SECRET)
    rest = token.split(".")[-2:]
    other = issue_token(MACHINE, SECRET).rsplit(".", 2)[0]
    for forged in (
        ".".join([other, *rest]),
        token[:-2],
        "",
        "a.b.c",
        issue_token(HEAD, "another secret, also long enough"),
    ):
        with pytest.raises(TokenRefused) as refused:
            read_token(forged, SECRET)
        assert not refused.value.expired


def test_an_expired_token_says_so():
    with pytest.raises(TokenRefused) as refused:
        read_token(issue_token(HEAD, SECRET, valid_for=timedelta(seconds=-1)), SECRET)
    assert refused.value.expired


def test_a_task_link_opens_its_task_and_is_no_session():
    soon = datetime.now(UTC) + timedelta(days=7)
    link = issue_task_link(TASK, SECRET, soon)
    assert read_task_link(link, SECRET).task_id == TASK
    with pytest.raises(TokenRefused):
        read_token(link, SECRET)
    with pytest.raises(TokenRefused):
        read_task_link(issue_token(HEAD, SECRET), SECRET)


def test_unknown_roles_are_refused_when_written():
    with pytest.raises(ValueError, match="king"):
        issue_token(Person(None, "x", frozenset({"king"})), SECRET)


async def test_pages_send_strangers_to_sign_in_and_back(client_of):
    async with client_of() as client:
        answer = await client.get("/toy/dampak?tahun=2026")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?lanjut=%2Ftoy%2Fdampak%3Ftahun%3D2026"


async def test_a_role_that_lacks_gets_a_page_that_says_so(client_of):
    async with client_of("asn") as client:
        answer = await client.get("/toy/dampak")
    assert answer.status_code == 403
    assert "Halaman ini bukan untuk peran Anda." in answer.text


async def test_a_name_that_ends_in_a_full_stop_ends_its_sentence_with_one(client_of):
    reader = Person(uuid4(), "Rini Astuti, S.Kom.", frozenset({"asn"}), "5571")
    async with client_of(bina_session=issue_token(reader, SECRET)) as client:
        said = (await client.get("/toy/dampak")).text
    assert "Anda masuk sebagai Rini Astuti, S.Kom." in said
    assert "S.Kom.." not in said


async def test_a_forged_cookie_counts_as_no_one(client_of):
    async with client_of(bina_session="e30.forged.signature") as client:
        assert (await client.get("/toy/dampak")).status_code == 303
        assert (await client.get("/toy/api/v1/me")).status_code == 401


async def test_machines_come_with_a_bearer_token(client_of):
    async with client_of() as client:
        refused = await client.get("/toy/api/v1/me")
        answer = await client.get(
            "/toy/api/v1/me", headers={"Authorization": f"Bearer {issue_token(MACHINE, SECRET)}"}
        )
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"name": "SIMPEG Kota Salatiga", "agency": "6472"}


async def test_an_expired_link_is_gone_and_a_forged_one_unknown(client_of):
    past, soon = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    async with client_of() as client:
        opened = await client.get(f"/toy/tugas/{issue_task_link(TASK, SECRET, soon)}")
        expired = await client.get(f"/toy/tugas/{issue_task_link(TASK, SECRET, past)}")
        forged = await client.get("/toy/tugas/x.y.z")
    assert (opened.status_code, opened.text) == (200, str(TASK))
    assert (expired.status_code, forged.status_code) == (410, 404)
    assert "Tautan ini sudah berakhir." in expired.text


@pytest.mark.parametrize(
    ("wanted", "gets"),
    [
        ("/enrollment/jp?tahun=2026", "/enrollment/jp?tahun=2026"),
        ("https://evil.test/", "/beranda"),
        ("//evil.test", "/beranda"),
        ("/\\evil.test", "/beranda"),
        ("/a\r\nSet-Cookie: x", "/beranda"),
        ("", "/beranda"),
    ],
)
def test_signing_in_never_leads_to_another_site(wanted, gets):
    query = urlencode({"lanjut": wanted}).encode()
    assert next_path(Request({"type": "http", "query_string": query})) == gets


async def _open_to_anyone() -> str:
    return "oops"


@pytest.mark.parametrize("kind", ["api_routers", "page_routers"])
async def test_a_route_without_guard_stops_the_start(kind):
    router = APIRouter()
    router.get("/toy/terbuka")(_open_to_anyone)
    runtime = Runtime(toy.service, settings_for("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
    with pytest.raises(UnguardedRoute, match="terbuka"):
        create_app(runtime, title="x", **{kind: [router]})


async def test_a_form_route_without_form_guard_stops_the_start():
    router = APIRouter()

    @router.post("/toy/ubah")
    async def change(request: Request, _person: Annotated[Person, may("enrolment.request")]) -> None: ...

    runtime = Runtime(toy.service, settings_for("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
    with pytest.raises(UnguardedRoute, match="takes a form"):
        create_app(runtime, title="x", page_routers=[router])
