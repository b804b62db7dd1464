"""A person hands in what they learned elsewhere, and may take it back until it is answered."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock, new_id
from bina.web import audit
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem, not_found
from enrollment.credits import store
from enrollment.credits.domain import LARGEST_EVIDENCE, Conversions, Credit, Form, faults, minutes_of, type_of
from enrollment.credits.view import words_of_fault
from enrollment.refusals import invalid_rows
from enrollment.register import store as register


@dataclass(frozen=True)
class Asked:
    """The form as it was filled in."""

    form: str
    title: str
    provider: str
    number: str
    starts_on: str
    ends_on: str
    amount: str
    abroad: bool


async def ask(session: AsyncSession, asn_id: UUID, asked: Asked, evidence: bytes, table: Conversions) -> None:
    """Keep it. Raises `Problem` naming the fields at fault, or 409 for what was handed in before."""
    await register.lock_people(session, [asn_id])  # two at once are counted one after the other
    if not await register.load_people(session, [asn_id]):
        raise not_found(_("Akun ini bukan pegawai di data ASN."))
    form = table.forms.get(asked.form)
    starts_on, ends_on = _day(asked.starts_on), _day(asked.ends_on)
    found = _unreadable(form, starts_on, ends_on, evidence)
    media_type = type_of(evidence)
    if form is None or starts_on is None or ends_on is None or media_type is None or found:
        raise invalid_rows(found)
    credit = _credit(asn_id, asked, form, (starts_on, ends_on))
    await _check(session, credit, form)
    if not await store.add_credit(session, credit, media_type, evidence):
        raise _known()
    kept = {"form": credit.form, "number": credit.number, "minutes": credit.minutes}
    audit.changed(session, "jp_credit", credit.credit_id, None, kept, person=asn_id)


async def withdraw(session: AsyncSession, asn_id: UUID, credit_id: UUID) -> None:
    """Take back what is not answered; its evidence goes at once."""
    credit = await store.lock_credit(session, credit_id)
    if credit is None or credit.asn_id != asn_id:
        raise not_found(_("Pengajuan ini tidak ada."))
    if credit.state != "open":
        raise Problem("credit-answered", 409, _("Pengajuan ini sudah dijawab."))
    await store.decide(session, replace(credit, state="withdrawn"), by=asn_id, at=clock.now())
    audit.changed(session, "jp_credit", credit_id, {"state": "open"}, {"state": "withdrawn"}, person=asn_id)


def _credit(asn_id: UUID, asked: Asked, form: Form, days: tuple[date, date]) -> Credit:
    bare = Credit(
        new_id(), asn_id, asked.form, asked.title, asked.provider, asked.number, *days, asked.abroad,
        _count(asked.amount), 0, "open", clock.now(),
    )  # fmt: skip
    return replace(bare, minutes=minutes_of(form, bare.amount, days=max(bare.days, 0), abroad=bare.abroad))


async def _check(session: AsyncSession, credit: Credit, form: Form) -> None:
    taken = (
        await store.sessions_in_month(session, credit.asn_id, form.code, credit.ends_on)
        if form.a_month
        else 0
    )
    found = [words_of_fault(one, form, taken) for one in faults(credit, form, taken, clock.today())]
    if found:
        raise invalid_rows(found)


def _unreadable(
    form: Form | None, starts_on: date | None, ends_on: date | None, evidence: bytes
) -> list[Fault]:
    found = []
    if form is None:
        found.append(Fault("form", _("Pilih apa yang diajukan.")))
    if starts_on is None:
        found.append(Fault("starts_on", _("Isi tanggal mulai.")))
    if ends_on is None:
        found.append(Fault("ends_on", _("Isi tanggal selesai.")))
    if not evidence or len(evidence) > LARGEST_EVIDENCE or type_of(evidence) is None:
        found.append(Fault("evidence", _("Lampirkan bukti PDF, JPG atau PNG, paling besar 2 MB.")))
    return found


def _known() -> Problem:
    return Problem(
        "credit-known",
        409,
        _("Sertifikat dengan nomor dan penyelenggara ini sudah Anda ajukan."),
        mend=_("Lihat keadaannya di daftar pengajuan. Bila keliru, tarik dahulu yang belum dijawab."),
        way=(_("Buka pengajuan JP"), "/enrollment/jp/ajukan"),
    )


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _count(words: str) -> int:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 10 else 0
