"""Table instrument_versions: every version ever shipped, so that a task keeps the form it was opened with."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from .shipped import Instrument, load_instruments, parse_instrument, read_bodies

_PUBLISH = text(
    """INSERT INTO instrument_versions (code, version, body)
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:versions AS int[]), CAST(:bodies AS jsonb[])) ORDER BY 1, 2
    ON CONFLICT DO NOTHING"""
)
_CHANGED = text(
    """SELECT code, version FROM instrument_versions
    JOIN unnest(CAST(:codes AS text[]), CAST(:versions AS int[]), CAST(:bodies AS jsonb[])) AS n (code, version, new)
    USING (code, version) WHERE body <> new ORDER BY 1"""
)
_FIND = text("SELECT body FROM instrument_versions WHERE code = :code AND version = :version")


class InstrumentChangedError(Exception):
    """A shipped form was edited without a new version: given answers would change their meaning."""


async def publish_shipped(session: AsyncSession) -> None:
    """Keep every shipped version for good; raises `InstrumentChangedError` where a kept one was edited."""
    await _publish(session, read_bodies())


async def _publish(session: AsyncSession, bodies: Sequence[dict[str, Any]]) -> None:
    rows = {
        "codes": [body["code"] for body in bodies],
        "versions": [body["version"] for body in bodies],
        "bodies": [json.dumps(body) for body in bodies],
    }
    await session.execute(_PUBLISH, rows)
    if changed := list(await session.execute(_CHANGED, rows)):
        names = ", ".join(f"{row.code} {row.version}" for row in changed)
        raise InstrumentChangedError(f"edited without a new version: {names}")


async def find_instrument(session: AsyncSession, code: str, version: int) -> Instrument:
    """The form of a version; raises `LookupError` for one that was never shipped."""
    current = load_instruments().get(code)
    if current is not None and current.version == version:
        return current
    body = await session.scalar(_FIND, {"code": code, "version": version})
    if body is None:
        raise LookupError(f"instrument {code} version {version} was never shipped")
    return parse_instrument(json.loads(body) if isinstance(body, str) else body)
