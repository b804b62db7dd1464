"""An identity provider that does what a test tells it to: strict where a good one is, and able to lie."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "bina", "what only the client and the provider know"


@dataclass
class Issuer:
    """Signs in whoever `claims` says."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    signer: Any = None
    """Signs instead of `key`, as a forger would."""
    is_away: bool = False
    slash: str = ""
    says: Any = field(default_factory=dict)
    """What its document says otherwise."""
    more_keys: list[Any] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self, kid: str = "second") -> None:
        self.key = RSAKey.generate_key(2048, {"kid": kid})

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        given = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300} | self.claims | claims
        header = {"alg": self.algorithm, "kid": "first" if self.signer else self.key.kid}
        told = {name: value for name, value in given.items() if value is not None}
        if self.algorithm == "none":
            return _unsigned(header, told)
        return jwt.encode(header, told, self.signer or self.key, algorithms=[self.algorithm])

    def applications(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _document(self, _request: Request) -> Response:
        places = {"authorization": "authorize", "token": "token", "end_session": "end"}
        document = {"issuer": f"{self.url}{self.slash}", "jwks_uri": f"{self.url}/keys"}
        document |= {f"{name}_endpoint": f"{self.url}/{path}" for name, path in places.items()}
        return self._answer(document | self.says if isinstance(self.says, dict) else self.says)

    async def _keys(self, _request: Request) -> Response:
        return self._answer({"keys": [*self.more_keys, self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    async def _token(self, request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(given["code"], None)  # a code counts once
        challenge = hashlib.sha256(given["code_verifier"].encode()).digest()
        expected = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or expected != asked["code_challenge"]
            or given["redirect_uri"] != asked["redirect_uri"]
            or request.headers["authorization"] != f"Basic {known}"
        ):
            return self._answer({"error": "invalid_grant"}, 400)
        nonce = self.claims.get("nonce", asked["nonce"])
        token = self.token(nonce=nonce)
        return self._answer({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def _answer(self, body: Any, status: int = 200) -> Response:
        return Response(status_code=502) if self.is_away else JSONResponse(body, status)


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    import json

    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def forger() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"})


def shared_secret() -> OctKey:
    return OctKey.import_key(SECRET.encode(), {"kid": "first"})


@asynccontextmanager
async def serving(issuer: Issuer) -> AsyncIterator[Issuer]:
    config = uvicorn.Config(issuer.applications(), port=0, lifespan="off", log_level="error", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn announces its start by this flag only
        await asyncio.sleep(0.01)
    issuer.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield issuer
    finally:
        server.should_exit = True
        await task
