"""The demonstration's identity provider: real OpenID Connect, and everybody is let in as whom they name.

It listens on the loopback interface; the gateway shows the few paths that a sign-in needs.
"""

import sys

from bina_local.ports import HOST
from bina_local.process import Program, until

CLIENT = "bina"


def told(issuer: str) -> dict[str, str]:
    """What a service is told of it: a person's name there is their NIP, and any secret will do."""
    return {
        "BINA_OIDC_ISSUER": issuer,
        "BINA_OIDC_CLIENT_ID": CLIENT,
        "BINA_OIDC_CLIENT_SECRET": CLIENT,
        "BINA_OIDC_NIP_CLAIM": "sub",
    }


def program(port: int) -> Program:
    """Its command."""
    environment = {"AUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONWARNINGS": "ignore"}
    return Program("identity", [sys.executable, "-m", "bina_local.identity", str(port)], environment)


async def ready(port: int) -> None:
    """Return once it answers."""
    from bina_local.services import http_status

    async def answers() -> bool:
        return await http_status(port, "/jwks") == 200

    await until(answers)


def serve(port: int) -> None:
    """Serve until a signal comes."""
    import oidc_provider_mock
    import uvicorn

    app = oidc_provider_mock.app(require_nonce=True, issue_refresh_token=False)
    app.debug = False
    app.wsgi_app = app.wsgi_app.app  # without the debugger that the package wraps around it
    uvicorn.run(app, interface="wsgi", host=HOST, port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
