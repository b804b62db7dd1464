"""What people and machines do with imports: upload, check anew, apply, undo.

A file is checked before its command's transaction, in a process of its own (`receive`, `check_anew`); the command then
makes it an import that somebody sees (`adopt`). Pages and the machine interface use the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import Runtime, clock, named_in
from bina.web import audit
from bina.web.access import Person
from bina.web.language import counted, current
from bina.web.language import gettext as _
from bina.web.permissions import out_of_scope, reach_of
from bina.web.problems import Fault, Problem, not_found
from enrollment.imports import process, store, trying, view
from enrollment.imports.checker import Job, Outcome
from enrollment.imports.columns import IGNORE, Kind, configuration, header_key
from enrollment.imports.plan import problem_of
from enrollment.imports.schedule import begin_work
from enrollment.imports.store import Import
from enrollment.integration.store import count_checked
from enrollment.register import store as register
from enrollment.settings import removals_limit

ACTION = "import.run"
READ = "import.read"
FULL_LISTS = (Kind.PEGAWAI, Kind.PENDAFTARAN)
"""Kinds of which a file may be all that there is."""
SHOWN = 1000
"""Rows that a refusal names."""
_named = named_in(UUID("0d2b5f3f-58cd-4c3f-9d0c-2f6f1c1b7a10"))
_LONGEST = 200


@dataclass(frozen=True)
class Upload:
    """A file as it came. `columns`: header text → a column's name or `ignore`, as the uploader chose; `replace`: it is the
    full list of the agency's people, and who is not in it has left; or of them in the runs that it names, and who is not in
    it gives their seat back."""

    agency_code: str
    kind: Kind
    file_name: str
    content: bytes
    columns: Mapping[str, str] = field(default_factory=dict)
    replace: bool = False


def id_of(principal: str, key: str) -> UUID:
    """The import that a command brings: the same however often it is sent."""
    return _named(f"{principal}\n{key}")


async def receive(runtime: Runtime, person: Person, upload: Upload, import_id: UUID) -> None:
    """Read, check and plan an upload, and keep it as a draft; again for one that is kept already does nothing.

    Raises `Problem`: 403 for another agency, 422 `file-refused` for a file of which nothing is kept, 503 where it
    cannot be checked now.
    """
    check_agency(person, upload.agency_code)
    _check_columns(upload.kind, upload.columns)
    async with runtime.sessions() as session, session.begin():
        tries = upload.agency_code in await register.load_sandboxes(session)
        await _check_rights(session, upload, tries=tries)
        known = await store.hold_import(session, import_id)
        if known and (known.state != "draft" or _is_of(known, upload)):
            return  # sent again; another file under the same key is refused by the command
        await store.drop_draft(session, import_id)
    job = Job(
        database_url=runtime.settings.database_url,
        import_id=str(import_id),
        agency_code=upload.agency_code,
        kind=str(upload.kind),
        file_name=upload.file_name[:_LONGEST],
        as_of=clock.today().isoformat(),
        now=clock.now().isoformat(),
        columns=dict(upload.columns),
        replace=upload.replace,
        sandbox=tries,
        size=len(upload.content),
    )
    _check_outcome(await process.run(job, upload.content), upload.kind)


async def adopt(session: AsyncSession, person: Person, import_id: UUID, upload: Upload) -> Import:
    """Make the draft of an upload an import, and remember which columns its agency calls what."""
    draft = await store.hold_import(session, import_id)
    if draft is None or not _is_of(draft, upload):
        raise not_found()
    check_agency(person, draft.agency_code)
    await store.adopt_import(session, import_id, "checked" if draft.plan else "columns", person.person_id)
    await _remember(session, draft, upload.columns)
    told = {"agency_code": draft.agency_code, "kind": str(draft.kind), "sha256": draft.sha256}
    audit.changed(
        session, "import", import_id, None, told | {"rows": draft.rows_total, "replace": draft.replace}
    )
    return await find(session, person, import_id, ACTION)


async def check_anew(
    runtime: Runtime, person: Person, import_id: UUID, columns: Mapping[str, str], *, overwrite: bool
) -> None:
    """Check an import's original again, with other columns, or so that it overwrites what was decided by hand.

    Raises `Problem`: 404, 409 where it was confirmed already or its original is gone.
    """
    async with runtime.sessions() as session:
        one = await find(session, person, import_id, ACTION)
    _check_state(one, "columns", "checked")
    _check_columns(one.kind, columns)
    job = Job(
        database_url=runtime.settings.database_url,
        import_id=str(import_id),
        agency_code=one.agency_code,
        kind=str(one.kind),
        file_name=one.file_name,
        as_of=clock.today().isoformat(),
        now=one.uploaded_at.isoformat(),
        columns=dict(columns),
        overwrite=overwrite,
        replace=one.replace,
        sandbox=one.sandbox,
    )
    _check_outcome(await process.run(job), one.kind)


async def adopt_check(
    session: AsyncSession, person: Person, import_id: UUID, columns: Mapping[str, str]
) -> Import:
    """Note that an import was checked anew, and remember the columns."""
    one = await find(session, person, import_id, ACTION)
    await _remember(session, one, columns)
    audit.changed(session, "import", import_id, None, {"plan": one.plan, "overwrite": one.overwrite})
    return one


async def apply(
    session: AsyncSession, person: Person, import_id: UUID, plan: str, removals: int | None = None
) -> Import:
    """Confirm exactly the plan of this hash; it is worked off from the commit on. `removals`: how many leave by it, which
    has to be said where they are many.

    Raises `Problem` 409: `plan-differs` for another hash, `removals-differ` for another number than the plan's,
    `plan-moved` naming the rows whose record changed since.
    """
    one = await _held(session, person, import_id)
    _check_state(one, "checked")
    if plan != one.plan:
        raise Problem(
            "plan-differs",
            409,
            _("Rencana impor ini bukan yang Anda setujui."),
            mend=_("Buka lagi rencananya, periksa, lalu setujui."),
        )
    _check_removals(one, removals)
    await _check_rows(session, one)
    if one.sandbox:
        await trying.apply(session, one)
        return await find(session, person, import_id, ACTION)
    if moved := await store.moved_rows(session, import_id, one.kind, SHOWN):
        raise _moved(moved, await store.nips_of(session, import_id, moved))
    await _confirm(session, person, one, "applying")
    await count_checked(session, one.agency_code, import_id)
    return await find(session, person, import_id, ACTION)


async def undo(session: AsyncSession, person: Person, import_id: UUID) -> Import:
    """Take a whole import back, or nothing of it.

    Raises `Problem` 409 `undo-blocked`, naming the rows on which something depends, and what.
    """
    one = await _held(session, person, import_id)
    _check_state(one, "applied")
    await _check_rows(session, one)
    if one.sandbox:
        await trying.undo(session, one)
        return await find(session, person, import_id, ACTION)
    if blocked := await store.blocked_rows(session, import_id, one.kind, SHOWN):
        raise _blocked(blocked, await store.nips_of(session, import_id, [row for row, _why in blocked]))
    await _confirm(session, person, one, "undoing")
    return await find(session, person, import_id, ACTION)


async def find(session: AsyncSession, person: Person, import_id: UUID, action: str = READ) -> Import:
    """An import within the person's reach; another agency's looks like none (404)."""
    one = await store.load_import(session, import_id)
    if one is None or not reach_of(person, action).covers_place(one.agency_code):
        raise not_found(_("Impor ini tidak ada."))
    return one


def check_agency(person: Person, agency_code: str) -> None:
    """Raise `Problem` (403) unless the person may import for an agency."""
    if not reach_of(person, ACTION).covers_place(agency_code):
        raise out_of_scope()


def reason_words(reason: str) -> str:
    """Why a row was not applied or not undone, in the reader's words."""
    words = {
        "row.moved": _("Datanya berubah sejak rencana dibuat."),
        "supervisor.unknown": _("Atasannya tidak tercatat."),
        "run.full": _("Kursinya sudah terisi; orang ini tidak didaftarkan."),
        "certificate.revoked": _("Sertifikat bernomor ini sudah dicabut."),
        "erased": _("Orangnya sudah dihapus."),
        "changed": _("Datanya diubah setelah impor."),
        "merged": _("Datanya digabungkan dengan data lain."),
        "result": _("Sudah ada hasil pelatihan."),
        "attendance": _("Presensinya sudah dicatat."),
        "report": _("Laporannya sudah dikirim."),
        "enrolled": _("Orang ini sudah didaftarkan pada pelatihan."),
        "role": _("Orang ini memegang peran."),
        "jp": _("JP orang ini sudah tercatat di buku JP."),
        "teaches": _("Orang ini mengajar pada suatu sesi."),
        "account": _("Orang ini sudah pernah masuk."),
        "supervises": _("Orang ini sudah menjadi atasan orang lain."),
    }
    if reason in words or not reason:
        return words.get(reason, "")
    try:
        problem = problem_of({"column": None, "code": reason, "severity": "error"}, None)
        return problem.advice_en if current() == "en" else problem.advice
    except KeyError:
        return reason  # the register's own words


async def _held(session: AsyncSession, person: Person, import_id: UUID) -> Import:
    await find(session, person, import_id, ACTION)
    held = await store.hold_import(session, import_id)
    assert held is not None
    return held


async def _confirm(session: AsyncSession, person: Person, one: Import, state: Any) -> None:
    actor = {
        "person_id": str(person.person_id) if person.person_id else None,
        "roles": sorted(person.roles),
        "agency_code": person.agency_code,
        "unit_id": str(person.unit_id) if person.unit_id else None,
        "name": "" if person.person_id else person.name,
    }
    await store.confirm_import(session, one.import_id, state, actor, clock.now())
    audit.changed(
        session,
        "import",
        one.import_id,
        {"state": one.state},
        {"state": state, "plan": one.plan, "removed": one.removed},
    )
    await begin_work(session, one)


async def _remember(session: AsyncSession, one: Import, columns: Mapping[str, str]) -> None:
    await store.remember_columns(
        session, one.agency_code, one.kind, {header_key(text): meaning for text, meaning in columns.items()}
    )


def _is_of(kept: Import, upload: Upload) -> bool:
    return (kept.sha256, kept.replace) == (_digest(upload), upload.replace)


def _digest(upload: Upload) -> str:
    return hashlib.sha256(upload.content).hexdigest()


async def _check_rights(session: AsyncSession, upload: Upload, *, tries: bool) -> None:
    if upload.agency_code not in await register.load_agencies(session, sandboxes=True):
        fault = Fault("agency", _("Instansi belum terdaftar."))
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault])
    if upload.replace and not await _lists_all(session, upload, tries=tries):
        words = _(
            "Hanya berkas data pegawai atau pendaftaran instansi sendiri yang dapat menjadi daftar lengkap."
        )
        fault = Fault("replace", words)
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=[fault])


async def _lists_all(session: AsyncSession, upload: Upload, *, tries: bool) -> bool:
    """Whether a file can be the full list of its agency's people, or of them in runs."""
    employers = await register.load_employers(session, upload.kind.right, {upload.agency_code})
    return upload.kind in FULL_LISTS and (tries or upload.agency_code in employers[upload.agency_code])


def _check_columns(kind: Kind, columns: Mapping[str, str]) -> None:
    names = {IGNORE} | {column.name for column in configuration().columns[kind]}
    faults = [
        Fault(f"columns.{text}", _("Kolom ini tidak dikenal: %(name)s.") % {"name": meaning})
        for text, meaning in columns.items()
        if meaning not in names or not header_key(text)
    ]
    if faults:
        raise Problem("invalid-input", 422, _("Ada isian yang belum benar."), errors=faults)


def _check_outcome(outcome: Outcome, kind: Kind) -> None:
    if outcome.outcome == "refused":
        raise refused(outcome, kind)
    if outcome.outcome == "busy":
        raise _state_refused()
    if outcome.outcome == "gone":
        raise Problem("original-gone", 409, _("Berkas asli impor ini sudah tidak disimpan."))


def refused(outcome: Outcome, kind: Kind) -> Problem:
    """422: no row of the file can be taken; `outcome` in the form of a check's."""
    found = [problem_of({k: v for k, v in p.items() if k != "row"}, p["row"]) for p in outcome.problems]
    errors = [problem for problem in found if problem.is_error]
    counts = dict.fromkeys(("rows_total", "accepted", "warned", "refused"), 0)
    told = [
        {
            "row": p.row,
            "column": p.column,
            "code": p.code,
            "severity": str(p.severity),
            "value": p.value,
            "advice": p.advice,
        }
        for p in found
    ]
    return Problem(
        "file-refused",
        422,
        _("Berkas ini tidak dapat dibaca."),
        mend=errors[0].advice_en if current() == "en" else errors[0].advice,
        errors=[Fault("file", problem.code) for problem in errors],
        more={"outcome": {"kind": str(kind), "detected": outcome.detected, **counts, "problems": told}},
    )


def _check_state(one: Import, *states: str) -> None:
    if one.state not in states:
        raise _state_refused()


def _check_removals(one: Import, said: int | None) -> None:
    """Raise `Problem` (409) where somebody said another number of those who leave, or none though they are many."""
    if said == one.removed or (said is None and one.removed <= removals_limit(one.employed)):
        return
    raise Problem(
        "removals-differ",
        409,
        view.leaving(one),
        mend=_("Bila memang demikian, ketik jumlah itu saat menyetujui. Belum ada yang berubah."),
        more={"removed": one.removed, "limit": removals_limit(one.employed)},
    )


async def _check_rows(session: AsyncSession, one: Import) -> None:
    """Raise `Problem` (409) where rows of it have gone with their time: the rest would be taken for all."""
    if await store.count_rows(session, one.import_id) < one.rows_total + one.removed:
        raise Problem(
            "rows-gone",
            409,
            _("Baris impor ini sudah tidak disimpan."),
            mend=_("Perbaiki datanya satu per satu, atau unggah berkas yang baru."),
        )


def _state_refused() -> Problem:
    return Problem(
        "import-state",
        409,
        _("Langkah ini tidak sesuai dengan keadaan impor."),
        mend=_("Buka lagi impornya untuk melihat keadaannya sekarang."),
    )


def _moved(rows: list[int], unlisted: Mapping[int, str]) -> Problem:
    return Problem(
        "plan-moved",
        409,
        counted("Data %(n)s baris berubah sejak rencana dibuat.", len(rows)) % {"n": len(rows)},
        mend=_("Periksa ulang berkasnya, lalu setujui rencana yang baru."),
        errors=[Fault(unlisted.get(row, str(row)), reason_words("row.moved")) for row in rows],
        more={"rows": [row for row in rows if row not in unlisted]},
    )


def _blocked(rows: list[tuple[int, str]], unlisted: Mapping[int, str]) -> Problem:
    return Problem(
        "undo-blocked",
        409,
        counted("%(n)s baris tidak dapat dibatalkan lagi; tidak ada yang diubah.", len(rows))
        % {"n": len(rows)},
        mend=_("Perbaiki baris itu satu per satu."),
        errors=[Fault(unlisted.get(row, str(row)), reason_words(why)) for row, why in rows],
        more={"rows": [{"row": row, "reason": why} for row, why in rows if row not in unlisted]},
    )
