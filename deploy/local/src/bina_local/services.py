"""The four services as child processes, and what each is told by its environment."""

import asyncio
import sys

from bina_local import identity
from bina_local.addresses import Addresses, worker_name
from bina_local.ports import HOST
from bina_local.postgres import Postgres
from bina_local.principals import secret_name
from bina_local.process import Program, until
from bina_local.state import State

TIMEZONE = "Asia/Jakarta"


def signing_secret(state: State) -> str:
    """What signs sessions; made once."""
    return state.secrets.get("signing")


def environment(
    state: State, addresses: Addresses, postgres: Postgres, name: str, worker: int = 0
) -> dict[str, str]:
    """Every setting of one worker of a service."""
    return {
        "BINA_DATABASE_URL": postgres.url(name),
        "BINA_MIGRATION_URL": postgres.migration_url(postgres.url(name)),
        "BINA_KAFKA": addresses.kafka,
        "BINA_KAFKA_USER": name,
        "BINA_KAFKA_PASSWORD": state.secrets.get(secret_name(name)),
        "BINA_HTTP_HOST": HOST,
        "BINA_HTTP_PORT": str(addresses.ports[worker_name(name, worker)]),
        "BINA_SECRET": signing_secret(state),
        "BINA_DEMO": "true",
        "BINA_WORKER": str(worker),
        "BINA_PUBLIC_URL": addresses.url,
        **identity.told(addresses.url),
        "BINA_SMTP_HOST": HOST,
        "BINA_SMTP_PORT": str(addresses.ports["smtp"]),
        "BINA_TIMEZONE": TIMEZONE,
        "BINA_RETENTION": str(state.retention) if state.retention.exists() else "",
        "PYTHONUNBUFFERED": "1",
        # glibc keeps one arena per thread and core otherwise: tens of megabytes a service never uses
        "MALLOC_ARENA_MAX": "2",
    }


def service(state: State, addresses: Addresses, postgres: Postgres, name: str, worker: int = 0) -> Program:
    """One worker: migrations, then API, pages, consumer, relay and due work in one process."""
    told = environment(state, addresses, postgres, name, worker)
    return Program(worker_name(name, worker), [sys.executable, "-m", name], told, module=name)


async def ready(port: int) -> None:
    """Return once a service says that it can serve requests."""

    async def says_so() -> bool:
        return await http_status(port, "/readyz") == 200

    await until(says_so, every=0.2)


async def http_status(port: int, path: str) -> int | None:
    """The status a server on this machine answers with; None when it does not."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.close()
        return int(line.split()[1])
    except (OSError, IndexError, ValueError, TimeoutError):
        return None
