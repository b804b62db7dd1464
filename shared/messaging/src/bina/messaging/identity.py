"""Identities, as the database's driver gives them: they are written, compared and turned into text in C."""

from collections.abc import Callable
from uuid import UUID

import uuid_utils
from asyncpg.pgproto import pgproto


def new_id() -> UUID:
    """A UUIDv7: time-ordered, so inserts stay at the index's right edge."""
    return _ours(uuid_utils.uuid7())


def named_in(space: UUID) -> Callable[[str], UUID]:
    """Gives a name its UUIDv5 in this space: the same however often it is asked for."""
    within = uuid_utils.UUID(str(space))
    return lambda name: _ours(uuid_utils.uuid5(within, name))


def _ours(found: uuid_utils.UUID) -> UUID:
    made: UUID = pgproto.UUID(found.bytes)
    return made
