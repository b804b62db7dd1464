"""The identity provider: the code flow with PKCE (RFC 7636), tokens checked as OpenID Connect Core 1.0 §3.1.3.7 asks."""

import contextlib
import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from enrollment.accounts.domain import Account, Attempt, nip_of
from enrollment.settings import EnrollmentSettings

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures by a provider's own key; never `none`, never one by a secret that we know too."""
LEEWAY_SECONDS = 60
KNOWN_SECONDS = 3600.0
"""How long what the provider says of itself is believed."""
KEYS_SECONDS = 30.0
"""Keys are asked for anew at most so often, whatever tokens come."""
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
BACK_CHANNEL = "http://schemas.openid.net/event/backchannel-logout"


class ProviderAwayError(Exception):
    """The provider does not answer, or not as one does."""


class SignInRefusedError(Exception):
    """The provider refused, or what it gave cannot be believed."""


@dataclass
class _Known:
    """What the provider says of itself, and its keys."""

    document: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    keys: KeySet | None = None
    keys_at: float = 0.0


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: EnrollmentSettings) -> None:
        self.issuer = settings.oidc_issuer.rstrip("/")
        self._settings = settings
        self._known: _Known | None = None

    async def address(self, attempt: Attempt, state: str, redirect_uri: str) -> str:
        """Where a browser goes to sign in; it comes back to `redirect_uri` with `state` and a code."""
        endpoint = (await self._document())["authorization_endpoint"]
        async with self._client(redirect_uri) as client:
            url, _state = client.create_authorization_url(
                endpoint, state=state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        return str(url)

    async def account(self, attempt: Attempt, code: str, redirect_uri: str) -> Account:
        """Whom a code stands for. Raises SignInRefusedError, ProviderAwayError."""
        endpoint = (await self._document())["token_endpoint"]
        async with self._client(redirect_uri) as client:
            try:
                token = await client.fetch_token(
                    endpoint, code=code, code_verifier=attempt.verifier, grant_type="authorization_code"
                )
            except OAuthError as error:
                raise SignInRefusedError(f"code: {error.error}") from error
            except (httpx2.HTTPError, ValueError) as error:
                raise ProviderAwayError(f"{endpoint}: {type(error).__name__}") from error
        claims = await self._claims(str(token.get("id_token", "")), nonce=_must(attempt.nonce))
        return self._account(claims, token["id_token"])

    async def ended(self, logout_token: str) -> Account:
        """Whose session the provider ended (Back-Channel Logout 1.0 §2.6). Raises SignInRefusedError."""
        claims = await self._claims(logout_token, events={"essential": True}, jti={"essential": True})
        names_one = claims.get("sub") or claims.get("sid")
        if "nonce" in claims or not names_one or BACK_CHANNEL not in dict(claims["events"]):
            raise SignInRefusedError("not a logout token")
        return self._account(claims)

    async def end_address(self, id_token: str, back_to: str) -> str:
        """Where a browser ends the provider's session too; empty where the provider has no such place."""
        endpoint = (await self._document()).get("end_session_endpoint", "")
        query = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back_to}
        given = query | ({"id_token_hint": id_token} if id_token else {})
        return str(httpx2.URL(endpoint).copy_merge_params(given)) if endpoint else ""

    def _account(self, claims: dict[str, Any], id_token: str = "") -> Account:
        nip = nip_of(claims.get(self._settings.oidc_nip_claim))
        return Account(self.issuer, str(claims.get("sub", "")), nip, str(claims.get("sid", "")), id_token)

    async def _claims(self, token: str, **asked: jwt.ClaimsOption) -> dict[str, Any]:
        """A token's claims, once its signature, issuer, audience and times are right."""
        expected: dict[str, Any] = {
            "iss": _must((await self._document())["issuer"]),
            "aud": _must(self._settings.oidc_client_id),
            "iat": {"essential": True},
            "exp": {"essential": True},
        }
        registry = jwt.JWTClaimsRegistry(leeway=LEEWAY_SECONDS, **expected | asked)
        try:
            claims = await self._verified(token)
            registry.validate(claims)
        except JoseError as error:
            raise SignInRefusedError(f"token: {error}") from error
        if claims.get("azp", self._settings.oidc_client_id) != self._settings.oidc_client_id:
            raise SignInRefusedError("token: meant for another client")
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            return self._decoded(token, await self._keys())
        except JoseError:
            newer = await self._keys(renewed=True)  # the provider may have changed its keys
        return self._decoded(token, newer)

    def _decoded(self, token: str, keys: KeySet) -> dict[str, Any]:
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (ValueError, TypeError) as error:
            raise SignInRefusedError(f"token: {error}") from error

    async def _keys(self, *, renewed: bool = False) -> KeySet:
        document = await self._document()
        known = self._known
        assert known is not None
        is_young = time.monotonic() - known.keys_at < (KEYS_SECONDS if renewed else KNOWN_SECONDS)
        if known.keys is None or not is_young:
            known.keys = _keys_in(await self._ask(document["jwks_uri"]))
            known.keys_at = time.monotonic()
        return known.keys

    async def _document(self) -> dict[str, Any]:
        known = self._known
        if known is None or time.monotonic() - known.at >= KNOWN_SECONDS:
            document = await self._ask(f"{self.issuer}/.well-known/openid-configuration")
            if str(document.get("issuer", "")).rstrip("/") != self.issuer:
                raise ProviderAwayError(f"{self.issuer} calls itself {document.get('issuer')!r}")
            if missing := [name for name in NEEDED if not isinstance(document.get(name), str)]:
                raise ProviderAwayError(f"{self.issuer} does not say its {', '.join(missing)}")
            known = self._known = _Known(document)
        return known.document

    async def _ask(self, url: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(verify=self._trust, timeout=self._settings.oidc_seconds) as client:
                answer = (await client.get(url)).raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAwayError(f"{url}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderAwayError(f"{url}: no JSON object")
        return found

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        secret = self._settings.oidc_client_secret.get_secret_value()
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            secret or None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=self._settings.oidc_scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            verify=self._trust,
            timeout=self._settings.oidc_seconds,
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Loading every certificate that is trusted takes long enough to do it once."""
        return ssl.create_default_context()


def _keys_in(found: dict[str, Any]) -> KeySet:
    """The keys that we understand; others are for others (RFC 7517 §5)."""
    keys: list[Any] = []
    for given in found.get("keys", ()):
        with contextlib.suppress(JoseError, ValueError, TypeError, KeyError):
            keys.append(JWKRegistry.import_key(given))
    if not keys:
        raise ProviderAwayError("none of its keys can be read")
    return KeySet(keys)


def _must(value: str) -> jwt.ClaimsOption:
    return {"essential": True, "value": value}
