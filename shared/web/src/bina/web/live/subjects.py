"""What pages are about, in which version they show it, and the signed word that a reader may hear of it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from bina.web.access import WORKDAY, TokenRefused, read_signed, secret_of, sign
from bina.web.audit import renewing
from bina.web.language import gettext as _
from bina.web.problems import Problem

About = Mapping[str, Sequence[str]]
"""Keys by the name of their subject."""
Versions = Mapping[str, Mapping[str, str]]
"""By subject and key."""


@dataclass(frozen=True)
class Subject:
    """A kind of thing that pages show. `query` gives (key, version), texts, of those among `:keys`, an array of text;
    equal versions promise that a page would look the same. `every`: seconds after which it is asked again."""

    name: str
    query: str
    every: float = 1.0

    @cached_property
    def statement(self) -> TextClause:
        """The query as the database is asked."""
        return text(self.query)

    async def load(self, session: AsyncSession, keys: Iterable[str]) -> dict[str, str]:
        """Versions by key; empty for what is not there, or is no more."""
        asked = sorted(set(keys))
        rows = await session.execute(self.statement, {"keys": asked})
        return dict.fromkeys(asked, "") | {row.key: row.version for row in rows}


class Stream(NamedTuple):
    """Where a page hears of changes, and as of which version it was made."""

    href: str
    version: str

    @classmethod
    def asked(cls) -> "Stream":
        """For whoever has no session: the page asks for itself every half minute."""
        return cls("ask", "")


async def watch(
    request: Request, session: AsyncSession, about: Mapping[Subject, Iterable[object]]
) -> Stream | None:
    """The stream of a page about these keys; none for whoever has no session. Ask before the page's own queries: what
    changes between the two is told once too often, never not at all."""
    reader = getattr(request.state, "session", None)
    if reader is None or reader.person.person_id is None:
        return None
    renewing.follow(request)
    named = {subject.name: sorted({str(key) for key in keys}) for subject, keys in about.items()}
    found = {subject.name: await subject.load(session, named[subject.name]) for subject in about}
    token = issue_stream(named, reader.session_id, secret_of(request))
    service = request.app.state.runtime.service.name
    return Stream(f"/{service}/langsung?tentang={quote(token, safe='')}", version_of(named, found))


async def at_one_moment(session: AsyncSession) -> None:
    """Have all that a session reads be of one moment: for pages that know only by reading what they are about. Comes
    before the session's first question."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def version_of(about: About, found: Versions) -> str:
    """One version of all that a page is about; the same in every worker."""
    parts = (
        f"{name}\0{key}\0{found.get(name, {}).get(key, '')}" for name in sorted(about) for key in about[name]
    )
    return hashlib.blake2b("\1".join(parts).encode(), digest_size=9).hexdigest()


def issue_stream(about: About, session_id: UUID, secret: str) -> str:
    """Sign that whoever came by this session was shown these things."""
    return sign("stream", {"about": about, "sid": str(session_id)}, secret, WORKDAY)


def read_stream(token: str, session_id: UUID, secret: str) -> About:
    """What a page was about; raises `Problem` for a token that is another session's, not ours, or past its time."""
    try:
        claims = read_signed("stream", token, secret)
    except TokenRefused as refused:
        raise (_expired() if refused.expired else _unknown()) from refused
    if claims["sid"] != str(session_id):
        raise _unknown()
    about: About = claims["about"]
    return about


def _unknown() -> Problem:
    return Problem(
        "stream-unknown",
        404,
        _("Siaran perubahan ini tidak dikenal."),
        mend=_("Muat ulang halamannya; siaran hanya untuk sesi yang membuka halaman itu."),
    )


def _expired() -> Problem:
    return Problem(
        "stream-expired", 410, _("Siaran perubahan ini sudah berakhir."), mend=_("Muat ulang halamannya.")
    )
