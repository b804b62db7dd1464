"""Sends mails: claim a chunk, send it outside any transaction, mark it and tell of it in one."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any
from uuid import UUID

from bina.events import Envelope, Event
from bina.events.notification import NoticeDelivered, NoticeFailed
from bina.messaging import Runtime, clock, emit, new_id
from bina.messaging.database import is_transient
from bina.web.access import issue_task_link
from notification.deliveries.domain import CHUNK, Outcome, Result, pause_after
from notification.deliveries.mail import Sender, compose
from notification.deliveries.store import claiming as store
from notification.deliveries.store.claiming import Claimed, Mark
from notification.deliveries.store.worker_number import WorkerNumber
from notification.deliveries.transport import Connection
from notification.notices.domain import Telling, mail_path_of, speak
from notification.notices.domain.notice import end_of
from notification.notices.store.reading import load_tellings
from notification.settings import NotificationSettings

POLL_SECONDS = 1.0
LONGEST_REST_SECONDS = 20.0
EXPIRE_CHUNK = 2000
MARK_SECONDS = 8.0
"""So long a stop waits until the mails that went are marked."""
log = logging.getLogger(__name__)


async def deliver_mail(runtime: Runtime) -> None:
    """The loop of the service: until stopped, send what is due; rest when the server or the database is away."""
    async with contextlib.aclosing(Courier(runtime)) as courier:
        await _keep_sending(courier)


async def _keep_sending(courier: "Courier") -> None:
    rest = 0.0
    while True:
        try:
            busy, away = await courier.run_once()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("mail again: %s", error)
            busy, away = False, True
        if _stopping():
            return
        rest = min(LONGEST_REST_SECONDS, 2 * rest or 1.0) if away else 0.0
        if away or not busy:
            await asyncio.sleep(max(POLL_SECONDS, rest * random.uniform(0.5, 1.0)))  # noqa: S311 - jitter


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do what a stop must not break off; the stop, which becomes insistent, goes on after it."""
    doing = asyncio.ensure_future(work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        until = time.monotonic() + MARK_SECONDS
        while not doing.done() and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({doing}, timeout=left)
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        raise


def _stopping() -> bool:
    """Whether this task was cancelled; Python 3.11's `wait_for`, inside SMTP and SQL, may swallow the exception."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Courier:
    """One worker's round over the mails that are due."""

    def __init__(self, runtime: Runtime) -> None:
        assert isinstance(runtime.settings, NotificationSettings)  # the composition root gives no other
        self._runtime = runtime
        self._settings = runtime.settings
        self._connection = Connection(runtime.settings)
        self._sender = Sender(
            runtime.settings.mail_sender_name,
            runtime.settings.mail_from,
            runtime.settings.public_url.rstrip("/"),
        )
        dsn = runtime.settings.database_url.replace("+asyncpg", "")
        self._number = WorkerNumber(dsn, runtime.settings.worker)
        self._unmarked: tuple[UUID, Sequence[Claimed], Sequence[Result]] | None = None
        self._traces: dict[UUID, str] = {}

    async def aclose(self) -> None:
        """Let go of the worker's number."""
        await self._number.aclose()

    async def run_once(self) -> tuple[bool, bool]:
        """Give up what is late, send a chunk; returns (whether more may be waiting, whether the server was away)."""
        await self._mark_left_over()
        await self._number.bear()
        lease = new_id()
        expired = await self._expire()
        claimed, mails, unsendable = await self._claim(lease)
        tried: list[Result] = []
        try:
            may_go = partial(self._may_go, lease=lease)
            await self._connection.send(mails, tried, may_go, self._traces)
        finally:
            # Marked when a stop breaks in, too: what the mail server has answered for is not sent again. A mail
            # without an answer, or a chunk whose process dies or freezes before this, may: under one Message-ID.
            self._unmarked = (lease, claimed, [*unsendable, *tried])
            await self._mark_left_over()
        away = bool(mails) and all(result.outcome is Outcome.UNTRIED for result in tried)
        return expired or len(claimed) == CHUNK, away

    async def _may_go(self, notice_id: UUID, lease: UUID) -> bool:
        return await self._number.is_ours(notice_id, lease) and not _stopping()

    async def _mark_left_over(self) -> None:
        """Mark the last chunk; where the database is away, the next round does it before it claims."""
        if self._unmarked is not None:
            await _to_its_end(self._mark_last())

    async def _mark_last(self) -> None:
        assert self._unmarked is not None
        await self._mark(*self._unmarked)
        self._unmarked = None

    async def _expire(self) -> bool:
        async with self._runtime.transaction() as session:
            rows = await store.expire(session, clock.now(), EXPIRE_CHUNK)
            tellings = await load_tellings(session, [row.notice_id for row in rows]) if rows else {}
            await emit(session, [_failed(tellings[r.notice_id], r.reason_code, r.reason) for r in rows])
        return len(rows) == EXPIRE_CHUNK

    async def _claim(
        self, lease: UUID
    ) -> tuple[list[Claimed], list[tuple[UUID, EmailMessage]], list[Result]]:
        """Claim and write the mails; those that cannot go have their result already."""
        async with self._runtime.transaction() as session:
            claimed = await store.claim(session, lease, self._number.borne, clock.now(), CHUNK)
            if not claimed:
                return [], [], []
            addresses = await store.load_addresses(session, [c.recipient_id for c in claimed])
            tellings = await load_tellings(session, [c.notice_id for c in claimed])
        self._traces = {notice_id: t.traceparent for notice_id, t in tellings.items() if t.traceparent}
        mails: list[tuple[UUID, EmailMessage]] = []
        results: list[Result] = []
        for mine in claimed:
            address = addresses[mine.recipient_id]
            made = self._write(tellings[mine.notice_id], address.email, wanted=address.wanted)
            if isinstance(made, Result):
                results.append(made)
            else:
                mails.append((mine.notice_id, made))
            await asyncio.sleep(0)  # a chunk takes tenths of a second, and pages are asked for meanwhile
        return claimed, mails, results

    def _write(self, telling: Telling, email: str, *, wanted: bool) -> EmailMessage | Result:
        notice_id = telling.notice_id
        if telling.is_moot or not wanted:
            return Result(notice_id, Outcome.SKIPPED, "moot" if telling.is_moot else "not_wanted")
        if not email:
            return Result(notice_id, Outcome.NO_ADDRESS)
        try:
            path, spoken = mail_path_of(telling, self._task_token), speak(telling)
        except (KeyError, TypeError) as error:
            # One notice without words must not hold up all others; an operator sees it as failed.
            log.exception("notice %s of kind %s has no words", notice_id, telling.kind)
            return Result(notice_id, Outcome.FAILED, "wordless", repr(error))
        try:
            return compose(
                notice_id,
                spoken,
                language=telling.language,
                path=path,
                sender=self._sender,
                recipient=email,
                sent=datetime.now(UTC),
            )
        except ValueError as error:
            return Result(notice_id, Outcome.FAILED, "bad_address", str(error))

    def _task_token(self, task_id: UUID, last_day: date) -> str:
        """A link ages by wall time, a task by business time."""
        return issue_task_link(task_id, self._settings.secret, end_of(last_day) - clock.offset())

    async def _mark(self, lease: UUID, claimed: Sequence[Claimed], results: Sequence[Result]) -> None:
        """Claimed mails without a result go back as they were."""
        if not claimed:
            return
        found = {result.notice_id: result for result in results}
        marks = [self._mark_of(c, found.get(c.notice_id)) for c in claimed]
        async with self._runtime.transaction() as session:
            mine = await store.mark(session, lease, clock.now(), marks)
            ended = [m for m in marks if m.notice_id in mine and m.state in {"sent", "failed"}]
            tellings = await load_tellings(session, [m.notice_id for m in ended]) if ended else {}
            await emit(session, [_told(self._traced(tellings[m.notice_id]), m) for m in ended])

    def _traced(self, telling: Telling) -> Telling:
        return replace(telling, traceparent=self._traces.get(telling.notice_id, telling.traceparent))

    def _mark_of(self, claimed: Claimed, result: Result | None) -> Mark:
        notice_id, tries = claimed.notice_id, claimed.attempts
        match result:
            case None | Result(outcome=Outcome.UNTRIED):
                return Mark(notice_id, "waiting", tries)
            case Result(outcome=Outcome.SENT):
                return Mark(notice_id, "sent", tries + 1)
            case Result(outcome=Outcome.SKIPPED):
                return Mark(notice_id, "skipped", tries, result.code)
            case Result(outcome=Outcome.NO_ADDRESS):
                return Mark(notice_id, "waiting", tries, needs_address=True)
            case Result(outcome=Outcome.FAILED):
                return Mark(notice_id, "failed", tries + 1, result.code, result.reason)
        return self._after_refusal(notice_id, tries + 1, result)

    def _after_refusal(self, notice_id: UUID, tries: int, result: Result) -> Mark:
        if tries >= self._settings.mail_tries:
            return Mark(notice_id, "failed", tries, "tries_exhausted", result.reason)
        first = timedelta(seconds=self._settings.mail_retry_seconds)
        pause = pause_after(tries, first, random.random())  # noqa: S311 - jitter
        return Mark(notice_id, "waiting", tries, result.code, result.reason, pause)


def _told(telling: Telling, mark: Mark) -> Event:
    if mark.state == "sent":
        return NoticeDelivered(
            notice_id=telling.notice_id,
            recipient_id=telling.recipient_id,
            kind=telling.kind,
            channel="email",
            about=str(telling.about_id),
        ).because(_cause(telling))
    return _failed(telling, mark.reason_code, mark.reason)


def _failed(telling: Telling, code: str, reason: str) -> NoticeFailed:
    return NoticeFailed(
        notice_id=telling.notice_id,
        recipient_id=telling.recipient_id,
        kind=telling.kind,
        channel="email",
        about=str(telling.about_id),
        reason_code=code,
        reason=reason,
    ).because(_cause(telling))


def _cause(telling: Telling) -> Envelope:
    """The fact a notice was caused by, as far as it is remembered."""
    return Envelope(
        id=str(telling.event_id),
        source="notification",
        type=telling.kind,
        time=telling.occurred_at,
        correlation_id=telling.correlation_id,
        traceparent=telling.traceparent,
    )
