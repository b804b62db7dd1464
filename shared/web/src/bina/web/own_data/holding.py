"""What a service keeps of people, table by table."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bina.web.language import gettext as _


class Basis(Enum):
    """On what data of people are processed (UU 27/2022 Pasal 20)."""

    DUTY = "duty"
    """What statutes ask of agencies about their civil servants."""
    SERVICE = "service"
    """What the public service needs to be given safely: sessions, the audit."""
    CONSENT = "consent"
    """What the person may refuse or take back."""


@dataclass(frozen=True)
class Holding:
    """A table that keeps something of a person.

    `where` is a condition on the row `t` with the person's id as `$1`; `key` an expression that tells the person's rows
    apart; `hidden` columns are not told, for they open something or are somebody else's (Pasal 33); `row` is what is
    told of each; `keeps` names its entry in retention.toml.
    """

    table: str
    what: str
    why: str
    where: str
    key: str
    keeps: str = "people"
    basis: Basis = Basis.DUTY
    hidden: Sequence[str] = ()
    row: str = "to_jsonb(t)"

    @property
    def asked(self) -> str:
        """Its rows, without what is hidden."""
        hidden = ", ".join(f"'{name}'" for name in self.hidden)
        return f"{self.row} - ARRAY[{hidden}]::text[]"


def basis_of(basis: Basis) -> str:
    """The basis in the reader's words."""
    words = {
        Basis.DUTY: _("Kewajiban hukum instansi"),
        Basis.SERVICE: _("Tugas pelayanan publik"),
        Basis.CONSENT: _("Persetujuan Anda"),
    }
    return words[basis]


def shell_holdings(nip: str) -> list[Holding]:
    """What every service keeps by itself; `nip` is SQL for the person's NIP, NULL where the service does not know it."""
    service = Basis.SERVICE
    return [
        Holding(
            "messaging.commands", _("Perintah Anda dan jawabannya"), _("Kiriman ulang tidak berlaku dua kali"),
            "t.principal = 'person:' || $1::text", "t.key", "commands", service, ("digest", "principal", "body"),
        ),
        Holding(
            "messaging.held", _("Pesan tentang Anda yang belum dapat diolah"), _("Diperbaiki lalu diolah"),
            f"t.key IN ($1::text, {nip})", "t.id", "discarded", service,
            ("record_key", "headers", "value", "digest", "discarded_by"),
            "to_jsonb(t) || jsonb_build_object('content', encode(t.value, 'escape'))",
        ),
        Holding(
            "messaging.merged_people", _("Data Anda yang pernah tercatat terpisah"), _("Semuanya menjadi satu data"),
            "t.kept_id = $1", "t.gone_id", basis=service,
        ),
        Holding(
            "web.kept_forms", _("Isian yang menunggu Anda masuk kembali"), _("Isian tidak hilang saat sesi berakhir"),
            "t.person_id = $1", "t.kept_id", "kept_forms", service,
        ),
        Holding(
            "audit.entries", _("Yang Anda kerjakan"), _("Setiap perubahan dan pembacaan dapat ditelusuri"),
            "t.actor_id = $1", "t.id", "audit_values", service, ("personal", "about", "on_behalf", "detail"),
        ),
        Holding(
            "audit.personal", _("Nama dan isi tentang Anda dalam catatan audit"), _("Setiap perubahan dapat ditelusuri"),
            "t.person_id = $1", "t.entry_id || '/' || t.field", "audit_values", service, ("salt",),
        ),
    ]  # fmt: skip


SHELL_EXCLUDED = {
    "alembic_version": "the release of the tables",
    "messaging.inbox": "ids of events",
    "messaging.inbox_foreign": "ids and digests of agencies' events",
    "messaging.facts": "versions of what is known, by opaque id; they keep somebody erased from coming back",
    "messaging.streams": "versions of what was told, by opaque id",
    "messaging.outbox": "copies of what other tables hold, told to other services, kept for a week",
    "messaging.due": "work to come, by opaque id",
    "messaging.clock": "a demonstration's clock",
    "messaging.positions": "positions in topics",
    "messaging.growing": "partitions",
    "messaging.published": "positions in topics",
    "messaging.disagreements": "positions in topics",
    "messaging.redrives": "orders of the platform's staff; what they did is in the audit",
    "web.ended_sessions": "ids of sessions",
    "audit.unsealed": "ids of entries",
    "audit.blocks": "digests",
    "audit.shown": "digests of whom a page has just shown, for minutes; who looked is in the entries",
    "audit.forgotten": "who was erased: nobody who still asks",
}
"""Tables of every service that keep nothing of a person who asks, and why not."""
