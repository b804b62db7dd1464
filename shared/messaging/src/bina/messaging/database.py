"""Connections to the service's own database, set so that a frozen process gives up its locks."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import DateTime, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

SERVER_SETTINGS = {
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
    "timezone": "UTC",
}

TRANSIENT_CLASSES = ("08", "40", "53", "57", "58")
TRANSIENT_STATES = ("55P03", "25P03", "25P04")


def create_engine(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """Engine of the service's own role."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        connect_args={"server_settings": SERVER_SETTINGS, "timeout": 10},
    )


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions whose rows stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


def statement(sql: str, *times: str) -> TextClause:
    """SQL text; `times` names its scalar timestamptz parameters (lists need no such help)."""
    return text(sql).bindparams(*(bindparam(name, type_=DateTime(timezone=True)) for name in times))


def columns(rows: Iterable[Any], *names: str) -> dict[str, list[Any]]:
    """Turn rows into parameters for `unnest`: one list per named attribute."""
    taken = list(rows)
    return {name: [getattr(row, name) for row in taken] for name in names}


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the database or the broker is away or busy."""
    if isinstance(error, DBAPIError):
        return _transient_state(error)
    return isinstance(error, (ConnectionError, TimeoutError, OSError))


def _transient_state(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
    if error.connection_invalidated or (isinstance(error, InterfaceError) and not state):
        return True
    return state[:2] in TRANSIENT_CLASSES or state in TRANSIENT_STATES
