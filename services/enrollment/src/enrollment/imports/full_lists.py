"""Files that are a full list: of an agency's people, or of its people in the runs that the file names."""

from collections.abc import Container, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from enrollment.catalogue import store as catalogue
from enrollment.imports import store
from enrollment.imports.checking import Draft
from enrollment.imports.claims import about
from enrollment.imports.columns import Kind
from enrollment.imports.nip import read_nip
from enrollment.imports.plan import FullList, Key
from enrollment.register import store as register


class Named(NamedTuple):
    """Whom a row is about: the NIP, whether its cell has nothing wrong with it, and the run."""

    nip: str
    sound: bool
    run_code: str


async def load_full_list(
    session: AsyncSession, kind: Kind, agency: str, today: date, drafts: Sequence[Draft]
) -> FullList:
    """Whom a full list leaves out. A refused row names its person, too; where one cannot be read, nobody is left out."""
    named = named_in(drafts)
    if kind is not Kind.PENDAFTARAN:
        return of_people(await store.load_employed(session, agency, today), named)
    runs = await catalogue.load_runs_by_code(session, {row.run_code for row in named if row.run_code})
    people = await register.load_keys(session, {row.nip for row in named if row.nip})
    return of_runs(await store.load_enrolled(session, agency, runs), people, runs, named)


def named_in(drafts: Sequence[Draft]) -> list[Named]:
    """Whom rows are about."""
    return [_named(draft) for draft in drafts]


def _named(draft: Draft) -> Named:
    sound = bool(draft.claim.nip)
    nip = draft.claim.nip or read_nip(draft.cells.get("NIP"))[0] or ""
    return Named(nip, sound, about(draft.claim))


def of_people(employed: Sequence[str], rows: Sequence[Named]) -> FullList:
    """Whom a list of people leaves out of those employed."""
    known = {*employed}
    named = {row.nip for row in rows if row.sound or row.nip in known}
    unread = sum(
        not row.sound and row.nip not in known for row in rows
    )  # nobody's, or not what it was meant to be
    gone = () if unread else [(nip, "") for nip in employed if nip not in named]
    return FullList(len(employed), gone, unread)


def of_runs(
    enrolled: Mapping[Key, str], people: Container[str], runs: Container[str], rows: Sequence[Named]
) -> FullList:
    """Whom a list of enrolments leaves out of those enrolled in runs that it names (and what keeps them in). Whoever stands
    beside a run that nobody knows may be meant in any of them."""
    named = {(row.nip, row.run_code) for row in rows}
    anywhere = {row.nip for row in rows if row.run_code not in runs}
    unread = sum(row.nip not in people for row in rows)
    out = [] if unread else [key for key in enrolled if key not in named and key[0] not in anywhere]
    kept = {key: enrolled[key] for key in out if enrolled[key]}
    return FullList(len(enrolled), out, unread, kept)
