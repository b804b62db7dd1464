"""Sessions end where they should, by whom they may, and with the right they were opened for."""

import asyncio

import pytest
from sqlalchemy import text
from starlette.requests import Request

from bina.events.enrollment import SessionEnded
from bina.web.access import Session, read_session
from bina.web.audit.searching import Found, Sought, find
from bina.web.sessions.ended import LOOK_SECONDS
from enrollment.accounts.domain import Account
from enrollment.accounts.entering import enter
from enrollment.accounts.provider import BACK_CHANNEL
from enrollment.register.bodies import RoleRow
from enrollment.register.granting import record_roles, revoke_role
from enrollment.register.recording import erase_asn

from .conftest import SECRET, Site
from .entering import is_signed_in, leaves, logout, signs_in
from .issuer import Issuer
from .story import CITY, asn_id, nip


@pytest.mark.parametrize("ends", [revoke_role, erase_asn])
async def test_signing_in_and_losing_the_right_wait_for_each_other(door: Site, meeting, ends):
    async with door.svc.sessions() as session, session.begin():
        await record_roles(session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY)])
    account = Account("here", "u-9", nip(1))
    request = Request({"type": "http", "app": door.app, "state": {}})

    async def sign_in() -> Session:
        async with door.svc.sessions() as session, session.begin():
            opened = await enter(session, account, request)
            await asyncio.sleep(0.3)  # the other one comes meanwhile
            return opened

    async def end() -> None:
        await asyncio.sleep(0.1)
        async with door.svc.sessions() as session, session.begin():
            await ends(session, asn_id(1), *(["head"] if ends is revoke_role else []))

    opened, _ = await asyncio.gather(sign_in(), end())
    ended = await door.svc.rows("SELECT session_id FROM web.ended_sessions")
    assert [row.session_id for row in ended] == [opened.session_id]


async def test_a_session_that_nobody_remembers_is_signed_out_all_the_same(door: Site):
    """As after a database from before it was opened was brought back."""
    async with door.client() as client:
        await signs_in(client)
        async with door.svc.sessions() as session, session.begin():
            await session.execute(text("DELETE FROM sessions"))
        copied = client.cookies["bina_session"]
        await leaves(client)
        await asyncio.sleep(LOOK_SECONDS)
        client.cookies.set("bina_session", copied, domain="bina.test", path="/")
        assert (await client.get("/beranda")).status_code == 303


async def test_signing_out_ends_the_session_wherever_its_token_went(door: Site, issuer: Issuer):
    async with door.client() as client, door.client() as copied:
        await signs_in(client)
        copied.cookies.set("bina_session", client.cookies["bina_session"])
        session_id = read_session(client.cookies["bina_session"], SECRET).session_id
        left = await leaves(client)
        assert f'content="0; url={issuer.url}/end?' in left.text
        assert "id_token_hint=" in left.text
        assert not is_signed_in(client)
        await asyncio.sleep(LOOK_SECONDS)
        assert (await copied.get("/beranda")).headers["location"].startswith("/masuk")
    told = [event for event in await door.svc.emitted() if isinstance(event, SessionEnded)]
    assert [event.session_id for event in told] == [session_id]


async def test_each_sign_in_is_a_session_of_its_own(door: Site):
    async with door.client() as client:
        await signs_in(client)
        first = client.cookies["bina_session"]
        await signs_in(client)
        assert (
            read_session(first, SECRET).session_id
            != read_session(client.cookies["bina_session"], SECRET).session_id
        )
        await asyncio.sleep(LOOK_SECONDS)
        async with door.client() as copied:
            copied.cookies.set("bina_session", first)
            assert (await copied.get("/beranda")).status_code == 303


async def test_the_provider_ends_a_session_by_the_back_channel(door: Site, issuer: Issuer):
    said = {"events": {BACK_CHANNEL: {}}, "jti": "1", "nip": None}
    async with door.client() as client:
        await signs_in(client)
        assert (await logout(door, issuer.token(**said | {"sid": "another"}))).status_code == 200
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/beranda")).status_code == 200
        for _ in range(2):  # said twice
            assert (await logout(door, issuer.token(**said))).status_code == 200
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/beranda")).status_code == 303
    told = [event for event in await door.svc.emitted() if isinstance(event, SessionEnded)]
    assert len(told) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"events": None},
        {"events": {}},
        {"jti": None},
        {"nonce": "x"},
        {"sub": None, "sid": None},
        {"aud": "another"},
        {"exp": 1},
    ],
)
async def test_what_is_no_logout_token_ends_nothing(door: Site, issuer: Issuer, changed):
    said = {"events": {BACK_CHANNEL: {}}, "jti": "1"} | changed
    async with door.client() as client:
        await signs_in(client)
        refused = await logout(door, issuer.token(**said))
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:bina:problem:sign-in-refused")
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/beranda")).status_code == 200


async def test_sessions_end_with_the_right_they_were_opened_for(door: Site):
    async with door.svc.sessions() as session, session.begin():
        await record_roles(session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY)])
    async with door.client() as client:
        await signs_in(client)
        assert (await client.get("/enrollment/instansi")).status_code == 200
        async with door.svc.sessions() as session, session.begin():
            await revoke_role(session, asn_id(1), "head")
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/enrollment/instansi")).status_code == 303
        await signs_in(client)
        assert (await client.get("/enrollment/instansi")).status_code == 403


async def test_who_was_erased_is_signed_out_and_stays_out(door: Site):
    async with door.client() as client:
        await signs_in(client)
        async with door.svc.sessions() as session, session.begin():
            await erase_asn(session, asn_id(1))
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/beranda")).status_code == 303
        assert (await signs_in(client)).status_code == 403
    async with door.svc.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM identities")) == 0
        assert await session.scalar(text("SELECT count(*) FROM sessions")) == 0


async def test_a_role_is_revoked_by_the_platform_alone(door: Site):
    async with door.svc.sessions() as session, session.begin():
        await record_roles(session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY)])
    path = f"/enrollment/api/v1/roles/{asn_id(1)}/head"
    for role, key, status in (("bkd", "first-key", 403), ("platform", "second-key", 200)):
        async with door.client(role) as client:
            assert (await client.delete(path, headers={"Idempotency-Key": key})).status_code == status
    async with door.client("platform") as client:
        gone = await client.delete(path, headers={"Idempotency-Key": "third-key"})
        assert gone.status_code == 404


async def noted(door: Site) -> list[Found]:
    async with door.svc.sessions() as session:
        return list(reversed(await find(session, Sought(kind="session"), limit=50)))


async def test_who_enters_and_leaves_is_noted(door: Site):
    async with door.client() as client:
        await signs_in(client)
        await leaves(client)
    entered, left = await noted(door)
    assert (entered.action, entered.actor_id, entered.about) == (
        "GET /masuk/kembali",
        asn_id(1),
        [str(asn_id(1))],
    )
    assert (left.action, left.actor_id, left.about) == ("POST /keluar", asn_id(1), [str(asn_id(1))])


async def test_what_the_provider_ends_is_noted_with_whose_it_was(door: Site, issuer: Issuer):
    said = {"events": {BACK_CHANNEL: {}}, "jti": "1", "nip": None}
    async with door.client() as client:
        await signs_in(client)
        token = issuer.token(**said)
        assert (await logout(door, token)).status_code == 200
    _entered, ended = await noted(door)
    assert ended.action == "POST /enrollment/api/v1/backchannel-logout"
    assert (ended.actor, ended.about) == ("guest", [str(asn_id(1))])


async def test_a_refused_sign_in_opens_no_session_and_notes_none(door: Site, issuer: Issuer):
    issuer.claims |= {"nip": "199912312025011999"}
    async with door.client() as client:
        assert (await signs_in(client)).status_code == 403
    assert await noted(door) == []


async def test_what_is_over_is_let_go_of_every_hour(door: Site):
    async with door.client() as client:
        await signs_in(client)
    from enrollment.app import create

    runtime = create(door.app.state.settings).state.runtime
    async with door.svc.sessions() as session, session.begin():
        await session.execute(
            text(
                "INSERT INTO web.kept_forms VALUES (gen_random_uuid(), gen_random_uuid(), '/', '[]', '-infinity')"
            )
        )
        for forget in runtime.hourly:
            await forget(session)
        assert await session.scalar(text("SELECT count(*) FROM sessions")) == 1
        await session.execute(text("UPDATE sessions SET until = now() - interval '1 s'"))
        for forget in runtime.hourly:
            await forget(session)
        assert await session.scalar(text("SELECT count(*) FROM sessions")) == 0
        assert await session.scalar(text("SELECT count(*) FROM web.kept_forms")) == 0
    await runtime.engine.dispose()


async def test_a_role_holders_nip_is_the_platforms_to_change(door: Site):
    async with door.svc.sessions() as session, session.begin():
        await record_roles(session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY)])
    row = {"id": str(asn_id(1)), "nip": nip(77), "name": "Pegawai 1", "agency_code": CITY}
    refused = await door.command("asn", {"items": [row]}, "operator")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:bina:problem:nip-of-role-holder")
    assert refused.json()["errors"][0]["where"] == "items.0.nip"
    other, anew = row | {"id": str(asn_id(2)), "nip": nip(79)}, row | {"nip": nip(78)}
    assert (await door.command("asn", {"items": [other]}, "operator")).status_code == 201
    assert (await door.command("asn", {"items": [anew]}, "platform", agency=None)).status_code == 201


async def test_nobody_unknown_is_given_a_role(door: Site):
    row = {"asn_id": str(asn_id(404)), "role": "platform", "agency_code": CITY}
    refused = await door.command("roles", {"items": [row]}, "platform", agency=None)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "items.0.asn_id")


async def test_whom_a_role_is_given_to_signs_in_anew_and_has_it(door: Site):
    async with door.client() as client:
        await signs_in(client)
        assert (await client.get("/enrollment/instansi")).status_code == 403
        async with door.svc.sessions() as session, session.begin():
            await record_roles(session, [RoleRow(asn_id=asn_id(1), role="head", agency_code=CITY)])
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/enrollment/instansi")).status_code == 303
        await signs_in(client)
        assert (await client.get("/enrollment/instansi")).status_code == 200


async def test_an_account_let_go_of_makes_room_for_another(door: Site, issuer: Issuer):
    path = f"/enrollment/api/v1/accounts/{asn_id(1)}"
    async with door.client() as client:
        await signs_in(client)
        for role, key, status in (
            ("bkd", "key-no-1", 403),
            ("platform", "key-no-2", 200),
            ("platform", "key-no-3", 404),
        ):
            async with door.client(role) as keeper:
                assert (await keeper.delete(path, headers={"Idempotency-Key": key})).status_code == status
        await asyncio.sleep(LOOK_SECONDS)
        assert (await client.get("/beranda")).status_code == 303
    issuer.claims |= {"sub": "u-2"}
    async with door.client() as client:
        assert (await signs_in(client)).status_code == 303
