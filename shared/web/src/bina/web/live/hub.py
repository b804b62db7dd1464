"""Which of the pages that people look at have changed: asked by each worker for all of its streams together.

While anybody watches, one question per subject and second, however many streams there are; nobody announces anything,
so who writes knows nothing of it, and any worker goes on where another one's stream broke off.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterable
from contextvars import Context
from random import uniform

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bina.messaging.database import is_transient
from bina.web.access import Session
from bina.web.language import gettext as _
from bina.web.live.subjects import About, Subject, version_of
from bina.web.problems import Problem, unavailable
from bina.web.sessions.ended import Ended

LOOK_SECONDS = 1.0
ASK_SECONDS = 5.0
BEAT_SECONDS = 15.0
"""A line of no meaning so often, that whatever stands between does not take the silence for an end."""
LIFE_SECONDS = 300.0
"""How long a stream goes on at most; then the browser comes again, by a session that is looked at anew."""
MOST = 500
"""Streams of one worker."""
MOST_OF_ONE = 8
"""Streams of one person on one worker; a browser holds three. Once a worker has no place left, an agency that holds the
most gives one up for an agency that holds fewer, within one agency a person for another."""
log = logging.getLogger(__name__)


class Reader:
    """One open stream. It keeps the newest version only, so a slow one costs no more than a fast one."""

    def __init__(self, session: Session, about: About, told: str, until: float) -> None:
        self.session = session
        self.about = about
        self.told = told
        self.until = until
        self.over = False
        self._news = asyncio.Event()

    def tell(self, version: str) -> None:
        """The page stands at this version now."""
        if version != self.told:
            self.told = version
            self._news.set()

    def end(self) -> None:
        """Nothing more is told."""
        self.over = True
        self._news.set()

    async def next(self) -> str | None:
        """The version to tell; empty when nothing changed for a while, None at the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                await self._news.wait()
        if self.over:
            return None
        changed = self._news.is_set()
        self._news.clear()
        return self.told if changed else ""


class Hub:
    """The streams of one worker."""

    def __init__(
        self,
        make: async_sessionmaker[AsyncSession],
        subjects: Iterable[Subject],
        ended: Ended,
        *,
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
    ) -> None:
        self.closed = False
        self._make = make
        self._subjects = {subject.name: subject for subject in subjects}
        self._ended = ended
        self._most, self._most_of_one = most, most_of_one
        self._readers: dict[Reader, None] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._asked: dict[str, float] = {}
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._readers)

    def join(self, session: Session, about: About, told: str, until: float) -> Reader:
        """Open a stream that ends at `until` (wall time); raises `Problem` where there are too many."""
        if self.closed:
            raise unavailable()
        if sum(_owner(r.session) == _owner(session) for r in self._readers) >= self._most_of_one:
            raise _full(429)
        if len(self._readers) >= self._most:
            self._make_room(session)
        life = time.time() + LIFE_SECONDS * uniform(0.8, 1.2)  # noqa: S311 - only spreads what would come at once
        reader = Reader(session, about, told, min(until, life))
        self._readers[reader] = None
        if self._looking is None or self._looking.done():
            # not in the context of whoever came first: their trace and language are theirs
            self._looking = asyncio.create_task(self._look_on(), context=Context())
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a stream."""
        reader.end()
        self._readers.pop(reader, None)

    def _make_room(self, session: Session) -> None:
        """End the oldest stream of whoever has more than the one who comes would have then; raises `Problem` where
        nobody has. The browser whose stream it was asks by itself from then on."""
        agencies = Counter(_agency(r.session) for r in self._readers)
        largest, most = agencies.most_common(1)[0]
        own = agencies[_agency(session)] + 1 >= most
        place = _agency(session) if own else largest
        theirs = [r for r in self._readers if _agency(r.session) == place]
        people = Counter(_owner(r.session) for r in theirs)
        owner, held = people.most_common(1)[0] if people else ("", 0)
        if own and people[_owner(session)] + 1 >= held:
            raise _full(503)
        self.leave(next(r for r in theirs if _owner(r.session) == owner))

    def close(self) -> None:
        """End all streams and take no more: this worker is to end, and must not wait for its readers."""
        self.closed = True
        self._end_all()
        if self._looking is not None:
            self._looking.cancel()

    async def _look_on(self) -> None:
        while self._readers:
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await self._look()
            except Exception as error:
                if not is_transient(error):
                    log.exception("streams end")
                    self._end_all()
                    return
                log.warning("changes not looked for: %r", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        await self._end_those_over()
        async with self._make() as session:
            for name, keys in self._due().items():
                self._known[name] = await self._subjects[name].load(session, keys)
                self._asked[name] = time.monotonic()
        for reader in self._readers:
            if self._is_known(reader.about):
                reader.tell(version_of(reader.about, self._known))

    def _due(self) -> dict[str, set[str]]:
        """Keys to ask for now, by subject: all that are watched, once the subject's time has come or one is new."""
        watched: dict[str, set[str]] = {name: set() for name in self._subjects}
        for reader in self._readers:
            for name, keys in reader.about.items():
                watched.get(name, set()).update(keys)
        return {name: keys for name, keys in watched.items() if keys and self._is_due(name, keys)}

    def _is_due(self, name: str, keys: set[str]) -> bool:
        due_at = self._asked.get(name, 0.0) + self._subjects[name].every
        return time.monotonic() >= due_at or not keys <= self._known.get(name, {}).keys()

    def _is_known(self, about: About) -> bool:
        """Whether all was asked; what no subject of this release answers for never changes."""
        return all(
            self._known.get(name, {}).keys() >= set(keys)
            for name, keys in about.items()
            if name in self._subjects
        )

    async def _end_those_over(self) -> None:
        now = time.time()
        for reader in [*self._readers]:
            ended = await self._ended.has(reader.session.session_id, self._make)
            if ended or reader.until <= now:
                self.leave(reader)

    def _end_all(self) -> None:
        for reader in [*self._readers]:
            self.leave(reader)


def _owner(session: Session) -> str:
    return str(session.person.person_id or session.session_id)


def _agency(session: Session) -> str:
    """Those of none are each for themselves."""
    return session.person.agency_code or _owner(session)


def _full(status: int) -> Problem:
    return Problem(
        "streams-full",
        status,
        _("Terlalu banyak halaman yang diikuti sekaligus."),
        mend=_("Halaman ini tetap memperbarui diri, hanya lebih jarang."),
        headers={"Retry-After": "30"},
    )
