"""Defects that the machines must find: each one undoes a rule of delivery."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from bina.messaging import held, inbox, relay
from bina.messaging.ahead import Ahead
from bina.messaging.handlers import Reactions

from .consuming import Worker

Plant = Callable[[pytest.MonkeyPatch], None]
_PAST = "SELECT coalesce(max(id), 0) FROM messaging.outbox WHERE published_at IS NOT NULL"


def no_inbox(patch: pytest.MonkeyPatch) -> None:
    """Whatever comes again is applied again."""
    claim = inbox.claim

    async def claim_all(session: Any, batch: Any, *rest: Any) -> inbox.Claimed:
        claimed = await claim(session, batch, *rest)
        conflicts = [found.message for found in claimed.conflicts]
        return inbox.Claimed([a for a in batch if a.message not in conflicts], claimed.conflicts, 0)

    patch.setattr(inbox, "claim", claim_all)


def conflict_ignored(patch: pytest.MonkeyPatch) -> None:
    """An agency's id with another payload counts as a repetition."""
    claim = inbox.claim

    async def claim_new(session: Any, batch: Any, *rest: Any) -> inbox.Claimed:
        claimed = await claim(session, batch, *rest)
        return inbox.Claimed(claimed.new, [], claimed.repeated)

    patch.setattr(inbox, "claim", claim_new)


def key_not_blocked(patch: pytest.MonkeyPatch) -> None:
    """What follows a held event of its key in a later batch passes it."""

    async def nothing(*_: Any) -> set[held.Stream]:
        return set()

    patch.setattr(held, "blocked", nothing)


def topics_in_order(patch: pytest.MonkeyPatch) -> None:
    """Facts of another topic are taken to be there already."""
    patch.setattr(Reactions, "needs", lambda *_: [])


def followers_out_of_order(patch: pytest.MonkeyPatch) -> None:
    """What was held is released, the last first."""
    query = str(held._OF_STREAMS)
    assert "ORDER BY id" in query
    patch.setattr(held, "_OF_STREAMS", text(query.replace("ORDER BY id", "ORDER BY id DESC")))


def unreadable_held_first(patch: pytest.MonkeyPatch) -> None:
    """A batch holds what cannot be read before all else, whatever stood before it in its key."""
    keep = held.keep

    async def keep_unread_first(session: Any, holds: Any) -> set[held.Position]:
        unread = await keep(session, [hold for hold in holds if not hold.claimed])
        return unread | await keep(session, [hold for hold in holds if hold.claimed])

    patch.setattr(held, "keep", keep_unread_first)


def offset_before_commit(patch: pytest.MonkeyPatch) -> None:
    """The broker hears that a batch is applied before the database does."""
    attempt = Worker._try

    def commit_first(self: Worker, batch: Any, *rest: Any) -> bool:
        self._ahead.done(batch)
        self._bench.do(self._ahead.commit(self._consumer, every=0))
        return attempt(self, batch, *rest)

    patch.setattr(Worker, "_try", commit_first)


def not_sought_back(patch: pytest.MonkeyPatch) -> None:
    """After a failed batch the next one is taken."""
    patch.setattr(Ahead, "rewind", lambda *_: None)


def outbox_by_cursor(patch: pytest.MonkeyPatch) -> None:
    """The relay reads on behind the last id it has marked."""
    assert "published_at IS NULL" in relay._NEXT
    patch.setattr(
        relay,
        "_NEXT",
        relay._NEXT.replace("published_at IS NULL", f"published_at IS NULL AND id > ({_PAST})"),
    )


def marked_before_acknowledged(patch: pytest.MonkeyPatch) -> None:
    """The outbox forgets a fact before the broker has it."""

    async def mark_first(connection: Any, producer: Any, source: str, _: Any) -> int:
        rows = await connection.fetch(relay._NEXT, relay.CHUNK)
        await connection.execute(relay._MARK, [r["id"] for r in rows], [r["created_at"] for r in rows])
        for result in await relay._send(producer, rows, source):
            if isinstance(result, BaseException):
                raise relay.RelayError("not acknowledged") from result
        return len(rows)

    patch.setattr(relay, "publish_once", mark_first)


def marked_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """What was acknowledged is marked although an earlier fact of its key was not."""
    patch.setattr(
        relay,
        "acknowledged_prefix",
        lambda rows, results: [
            row for row, result in zip(rows, results, strict=True) if not isinstance(result, BaseException)
        ],
    )
