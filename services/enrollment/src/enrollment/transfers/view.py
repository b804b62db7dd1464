"""Requests in the reader's words."""

from bina.messaging import clock
from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.masking import masked_in, nip_for
from enrollment.transfers.domain import Transfer
from enrollment.transfers.store import Listed


def state_of(one: Transfer) -> str:
    """How it stands now; what nobody answered in time is over, whether or not it was written down yet."""
    return "expired" if one.state == "open" and one.due_at <= clock.now() else one.state


def state_words(state: str) -> tuple[str, str]:
    """(what a state is called, the tag's kind)."""
    words = {
        "open": (_("Menunggu jawaban"), "info"),
        "accepted": (_("Diterima"), "success"),
        "refused": (_("Ditolak"), "warning"),
        "withdrawn": (_("Ditarik"), "neutral"),
        "expired": (_("Tidak dijawab"), "neutral"),
    }
    return words[state]


def nip_of(row: Listed, reader: Person) -> str:
    """The NIP as its reader may see it: whoever answers has the person, whoever asked knows which one it was."""
    if not row.employer:
        return masked_in(row.nip)
    assert row.one.asn_id is not None
    return nip_for(reader, row.nip, row.one.asn_id, row.employer, ())
