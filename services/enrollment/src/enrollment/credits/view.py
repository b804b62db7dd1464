"""What was handed in, in the reader's words."""

from typing import NamedTuple

from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Fault
from enrollment.credits.domain import CERTIFICATE, CERTIFICATE_HOURS, Conversions, Credit, Form, Wrong
from enrollment.entitlement.domain import jp_in


class Line(NamedTuple):
    """A credit with its words; `computed` JP, and `granted` ones."""

    credit: Credit
    form: str
    amount: str
    computed: int
    granted: int
    tag: str
    kind: str


def line(credit: Credit) -> Line:
    """A credit as pages show it."""
    tag, kind = tag_of(credit)
    amount = f"{credit.amount} {unit_of(credit.form, credit.amount)}".strip()
    granted = jp_in(credit.granted)
    return Line(credit, form_name(credit.form), amount, jp_in(credit.minutes), granted, tag, kind)


def tag_of(credit: Credit) -> tuple[str, str]:
    """(word, kind of tag) of its state."""
    words = {
        "open": (_("Menunggu pemeriksaan"), "info"),
        "verified": (_("Diterima"), "success"),
        "refused": (_("Ditolak"), "warning"),
        "withdrawn": (_("Ditarik"), "neutral"),
    }
    return words[credit.state]


def form_name(form: str) -> str:
    """What a form of learning is called; a site's own form by its code."""
    words = {
        CERTIFICATE: _("Sertifikat pelatihan, JP tertulis"),
        CERTIFICATE_HOURS: _("Sertifikat pelatihan, lama tertulis"),
        "seminar": _("Seminar"),
        "sosialisasi": _("Sosialisasi"),
        "workshop": _("Workshop"),
        "coaching": _("Coaching"),
        "mentoring": _("Mentoring"),
        "e-learning": _("E-learning"),
        "belajar-mandiri": _("Belajar mandiri"),
        "benchmarking": _("Benchmarking"),
        "detasering": _("Detasering"),
        "pertukaran": _("Pertukaran pegawai"),
        "magang": _("Magang"),
        "studi": _("Tugas atau izin belajar"),
    }
    return words.get(form, form.replace("-", " ").capitalize())


def unit_of(form: str, amount: int) -> str:
    """What so many of it are called."""
    words = {
        "jp": "JP",
        "minutes": counted("menit", amount),
        "day": counted("hari", amount),
        "session": counted("kali", amount),
        "activity": counted("kegiatan", amount),
        "semester": counted("semester", amount),
    }
    return words[_PER.get(form, "activity")]


_PER = {
    CERTIFICATE: "jp", CERTIFICATE_HOURS: "minutes", "seminar": "day", "sosialisasi": "day", "workshop": "day",
    "coaching": "session", "mentoring": "session", "e-learning": "minutes", "belajar-mandiri": "minutes",
    "studi": "semester",
}  # fmt: skip


def options(table: Conversions) -> list[tuple[str, str]]:
    """What can be handed in, and how it counts."""
    return [(form.code, f"{form_name(form.code)} ({_counted(form)})") for form in table.forms.values()]


def _counted(form: Form) -> str:
    if form.per == "minutes":
        return (
            _("isi menit; paling banyak %(jp)s JP sehari") % {"jp": form.a_day}
            if form.a_day
            else _("isi menit")
        )
    if form.per == "jp":
        return _("isi JP")
    per = {
        "day": _("isi hari; %(jp)s JP sehari"),
        "session": _("isi berapa kali; %(jp)s JP sekali"),
        "activity": _("isi berapa kegiatan; %(jp)s JP satu kegiatan"),
        "semester": _("isi semester; %(jp)s JP satu semester"),
    }
    words = per[form.per] % {"jp": form.jp}
    return words + (
        _(", di luar negeri %(jp)s") % {"jp": form.jp_abroad} if form.jp_abroad != form.jp else ""
    )


def words_of_fault(wrong: Wrong, form: Form, taken: int) -> Fault:
    """Which field is wrong, and what it should be."""
    words = {
        "title": ("title", _("Tulis nama kegiatannya, paling panjang 300 karakter.")),
        "provider": ("provider", _("Tulis penyelenggaranya, paling panjang 300 karakter.")),
        "number": ("number", _("Tulis nomor sertifikat atau surat tugas, paling panjang 80 karakter.")),
        "order": ("ends_on", _("Tanggal selesai tidak boleh sebelum tanggal mulai.")),
        "future": ("ends_on", _("Kegiatan ini belum selesai; ajukan sesudahnya.")),
        "early": ("starts_on", _("Tanggal mulai paling awal tahun 2000.")),
        "amount": ("amount", _("Isi dengan bilangan bulat, satu atau lebih, paling banyak 2.000 JP.")),
        "days": ("amount", _("Jumlah hari melebihi lama kegiatannya.")),
        "month": ("ends_on", _("Ajukan per bulan kalender: batasnya dihitung tiap bulan.")),
        "sessions": ("amount", _("Paling banyak %(most)s kali sebulan; %(taken)s sudah diajukan bulan itu.")
            % {"most": form.a_month, "taken": taken}),
    }  # fmt: skip
    return Fault(*words[wrong])
