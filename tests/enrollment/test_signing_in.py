"""Signing in by an identity provider, and everything at the door that must not open it."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from itsdangerous import TimestampSigner

from bina.web.access import read_session
from enrollment.accounts.provider import KEYS_SECONDS, Provider
from enrollment.register.recording import erase_asn, record_asn

from .conftest import SECRET, Site
from .entering import is_signed_in, signs_in, to_provider
from .issuer import CLIENT, Issuer, forger, shared_secret
from .story import asn_id, nip, person


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
            assert 'class="button primary" href="/masuk"' in refused.text  # where to begin again


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
        assert "Layanan akun pegawai tidak menjawab." in away.text


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


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(door: Site, issuer: Issuer):
    issuer.says = {"issuer": "https://elsewhere.example"}
    async with door.client() as client:
        assert (await client.get("/masuk/mulai")).status_code == 503


async def test_an_attempt_is_over_after_its_time(door: Site, monkeypatch: pytest.MonkeyPatch):
    """Though another tab has kept the browser's part of it alive."""

    def at(seconds: int) -> None:
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) + seconds)

    async with door.client() as client:
        at(-1000)
        back = await to_provider(client)
        at(-400)
        await client.get("/masuk/mulai")
        at(0)
        assert (await client.get(back)).status_code == 400
        at(-200)
        assert (await client.get(back)).status_code == 303


async def test_a_browser_brings_a_session_for_a_day_after_its_end(door: Site):
    """By it a form that comes too late is known to be our page's."""
    async with door.client() as client:
        entered = await signs_in(client)
    (cookie,) = [c for c in entered.headers.get_list("set-cookie") if c.startswith("bina_session=")]
    seconds = int(cookie.partition("Max-Age=")[2].partition(";")[0])
    assert seconds == pytest.approx(34 * 3600, abs=60)
