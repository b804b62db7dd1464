"""Signing in by an identity provider, and everything at the door that must not open it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from starlette.requests import Request

from bina.events.enrollment import SessionEnded
from bina.web.access import Session, read_session
from bina.web.audit.searching import Found, Sought, find
from bina.web.sessions.ended import LOOK_SECONDS
from enrollment.accounts.domain import Account
from enrollment.accounts.entering import enter
from enrollment.accounts.provider import BACK_CHANNEL, KEYS_SECONDS, Provider
from enrollment.register.bodies import RoleRow
from enrollment.register.recording import erase_asn, record_asn, record_roles, revoke_role
from enrollment.settings import EnrollmentSettings

from . import issuer as issuing
from .conftest import SECRET, Site, connected
from .issuer import CLIENT, Issuer, forger, serving, shared_secret
from .story import CITY, asn_id, nip, person


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with serving(Issuer(claims={"sub": "u-1", "nip": nip(1), "sid": "p-1"})) as serves:
        yield serves


@pytest.fixture
def door(site: Site, issuer: Issuer) -> Site:
    """The service, with the provider connected and no demonstration."""
    told = site.app.state.settings.model_dump() | {"demo": False}
    settings = EnrollmentSettings(
        **told | {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_client_secret": issuing.SECRET}
    )
    return connected(site, settings)


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


async def test_a_person_signs_in_and_goes_on_to_where_they_wanted(door: Site):
    async with door.client() as client:
        page = (await client.get("/masuk?lanjut=/enrollment/jp")).text
        assert "Masuk dengan akun pegawai" in page
        assert "Pegawai 1" not in page
        entered = await signs_in(client, "/enrollment/jp")
        assert (entered.status_code, entered.headers["location"]) == (303, "/enrollment/jp")
        assert (await client.get("/enrollment/jp")).status_code == 200
        session = read_session(client.cookies["bina_session"], SECRET)
    assert session.person.person_id == asn_id(1)
    assert session.ends == pytest.approx(time.time() + 10 * 3600, abs=60)


async def test_an_account_stays_its_persons_when_the_nip_changes(door: Site, issuer: Issuer):
    """A NIP is mutable; what the provider calls a person is not."""
    async with door.client() as client:
        await signs_in(client)
    issuer.claims |= {"nip": nip(2)}
    async with door.client() as client:
        await signs_in(client)
        assert read_session(client.cookies["bina_session"], SECRET).person.person_id == asn_id(1)


async def test_another_account_with_the_same_nip_is_refused(door: Site, issuer: Issuer):
    """Whoever can change a NIP, here or at the provider, becomes nobody else by it."""
    async with door.client() as client:
        await signs_in(client)
    issuer.claims |= {"sub": "u-2"}
    async with door.client() as client:
        refused = await signs_in(client)
        assert (refused.status_code, is_signed_in(client)) == (409, False)
        assert "sudah terhubung dengan akun lain" in refused.text


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


async def test_an_address_that_ends_in_a_slash_is_one_too(door: Site, issuer: Issuer):
    door.app.state.settings.oidc_issuer = f"{issuer.url}/"
    issuer.slash = "/"
    issuer.claims |= {"iss": f"{issuer.url}/"}
    door.app.state.provider = Provider(door.app.state.settings)
    async with door.client() as client:
        await signs_in(client)
        assert is_signed_in(client)


@pytest.mark.parametrize(
    "told", [{"token_endpoint": None}, {"jwks_uri": 7}, {"authorization_endpoint": None}, []]
)
async def test_a_provider_that_says_nothing_sensible_is_away(door: Site, issuer: Issuer, told):
    issuer.says = told
    async with door.client() as client:
        assert (await client.get("/masuk/mulai")).status_code == 503


async def test_keys_for_others_are_passed_over(door: Site, issuer: Issuer):
    issuer.more_keys = [{"kty": "OKP", "crv": "X-new", "x": "AA", "kid": "first"}, {"kty": "?"}, "none"]
    async with door.client() as client:
        await signs_in(client)
        assert is_signed_in(client)


async def test_cookies_and_states_are_not_each_other(door: Site):
    async with door.client() as client:
        await to_provider(client)
        kept = client.cookies["bina_masuk"]
        answer = await client.get("/masuk/kembali", params={"code": "x", "state": kept})
        assert answer.status_code == 400


async def test_over_https_a_browser_keeps_what_it_needs_to_sign_in(door: Site):
    door.app.state.settings.public_url = "https://bina.test"
    async with door.client() as client:
        off = await client.get("/masuk/mulai", headers={"host": "bina.test"})
    cookies = off.headers.get_list("set-cookie")
    assert [one.split("=")[0] for one in cookies] == ["__Host-bina_masuk"]
    assert {"Secure", "Path=/"} <= {part.strip() for part in cookies[0].split(";")}


async def test_who_is_not_in_the_register_is_told_whom_to_ask(door: Site, issuer: Issuer):
    issuer.claims |= {"nip": "199912312025011999"}
    async with door.client() as client:
        refused = await signs_in(client)
        assert refused.status_code == 403
        assert "Akun Anda belum terhubung" in refused.text
        assert not is_signed_in(client)


LIES: dict[str, Callable[[Issuer], object]] = {
    "another's key": lambda issuer: setattr(issuer, "signer", forger()),
    "no signature": lambda issuer: setattr(issuer, "algorithm", "none"),
    "signed by the shared secret": lambda issuer: (
        setattr(issuer, "algorithm", "HS256"),
        setattr(issuer, "signer", shared_secret()),
    ),
    "another issuer": lambda issuer: issuer.claims.update(iss="https://elsewhere.example"),
    "another audience": lambda issuer: issuer.claims.update(aud="another"),
    "several audiences, for another": lambda issuer: issuer.claims.update(aud=[CLIENT, "x"], azp="x"),
    "expired": lambda issuer: issuer.claims.update(exp=int(time.time()) - 3600),
    "from the future": lambda issuer: issuer.claims.update(iat=int(time.time()) + 3600),
    "another nonce": lambda issuer: issuer.claims.update(nonce="replayed"),
    "no expiry": lambda issuer: issuer.claims.update(exp=None),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_cannot_be_believed_opens_nothing(door: Site, issuer: Issuer, lie: str):
    LIES[lie](issuer)
    async with door.client() as client:
        refused = await signs_in(client)
        assert refused.status_code == 400
        assert "Masuk tidak berhasil." in refused.text
        assert not is_signed_in(client)
        assert "Traceback" not in refused.text


async def test_the_providers_new_key_is_learned(door: Site, issuer: Issuer):
    async with door.client() as client:
        await signs_in(client)
    issuer.rotate()
    door.app.state.provider._known.keys_at -= KEYS_SECONDS
    async with door.client() as client:
        await signs_in(client)
        assert is_signed_in(client)


async def test_unknown_keys_do_not_have_us_ask_for_every_token(door: Site, issuer: Issuer):
    async with door.client() as client:
        await signs_in(client)
    issuer.rotate()
    async with door.client() as client:
        assert (await signs_in(client)).status_code == 400


async def test_a_code_counts_once_and_only_in_the_browser_that_began(door: Site):
    async with door.client() as client, door.client() as another:
        back = await to_provider(client)
        stolen = await another.get(back)
        assert (stolen.status_code, is_signed_in(another)) == (400, False)
        assert "tidak berlaku" in stolen.text
        cookies = dict(client.cookies)
        assert (await client.get(back)).status_code == 303
        replayed = await client.get(back)
        assert replayed.status_code == 400
        for name, value in cookies.items():
            another.cookies.set(name, value)
        assert (
            await another.get(back)
        ).status_code == 400  # even with the first one's cookie: the code is spent


async def test_a_changed_state_is_refused(door: Site):
    async with door.client() as client:
        back = urlsplit(await to_provider(client))
        code = parse_qs(back.query)["code"][0]
        for state in ("", "x.y.z", parse_qs(back.query)["state"][0][:-2]):
            refused = await client.get("/masuk/kembali", params={"code": code, "state": state})
            assert refused.status_code == 400


async def test_two_tabs_go_where_each_wanted(door: Site):
    async with door.client() as client:
        first, second = await to_provider(client, "/beranda"), await to_provider(client, "/enrollment/jp")
        assert (await client.get(first)).headers["location"] == "/beranda"
        assert (await client.get(second)).status_code == 400  # the first one signed both in; it begins anew
        assert (await signs_in(client, "/enrollment/jp")).headers["location"] == "/enrollment/jp"


async def test_no_one_is_led_to_another_site(door: Site):
    async with door.client() as client:
        assert (await signs_in(client, "//evil.example")).headers["location"] == "/beranda"


async def test_the_provider_may_refuse(door: Site):
    async with door.client() as client:
        state = parse_qs(urlsplit(await to_provider(client)).query)["state"][0]
        refused = await client.get("/masuk/kembali", params={"error": "access_denied", "state": state})
        assert refused.status_code == 400
        assert "Masuk tidak berhasil." in refused.text


async def test_while_the_provider_is_away_sessions_go_on(door: Site, issuer: Issuer):
    async with door.client() as client:
        await signs_in(client)
        issuer.is_away, door.app.state.provider = True, Provider(door.app.state.settings)
        assert (await client.get("/beranda")).status_code == 200
        away = await client.get("/masuk/mulai")
        assert (away.status_code, away.headers["retry-after"]) == (503, "30")
        assert "Penyedia identitas tidak menjawab." in away.text


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


async def leaves(client: httpx.AsyncClient) -> httpx.Response:
    from .test_pages import sends

    return await sends(client, "/enrollment/jp", "/keluar")


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


async def test_a_planted_session_is_not_taken_over(door: Site):
    """Session fixation: whoever signs in gets a session that nobody knew before."""
    async with door.client("asn", person=2) as client:
        planted = client.cookies["bina_session"]
        client.cookies.clear()
        client.cookies.set("bina_session", planted, domain="bina.test", path="/")
        await signs_in(client)
        now = read_session(client.cookies.get("bina_session", domain="bina.test") or "", SECRET)
    assert now.session_id != read_session(planted, SECRET).session_id
    assert now.person.person_id == asn_id(1)


async def logout(door: Site, token: str) -> httpx.Response:
    async with door.client() as provider:
        return await provider.post("/enrollment/api/v1/backchannel-logout", data={"logout_token": token})


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


async def test_an_erased_persons_nip_given_anew_is_another_person(door: Site):
    """The account was forgotten with the person, so the number says whose it is now."""
    async with door.client() as client:
        await signs_in(client)
    async with door.svc.sessions() as session, session.begin():
        await erase_asn(session, asn_id(1))
        await record_asn(session, [person(1, id=asn_id(99), supervisor_id=None)])
    async with door.client() as client:
        await signs_in(client)
        assert read_session(client.cookies["bina_session"], SECRET).person.person_id == asn_id(99)


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
