"""Imports in the reader's words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from enrollment.imports.columns import IGNORE, Kind, configuration, header_key
from enrollment.imports.store import Import
from enrollment.settings import removals_limit

SHORT = 8
"""Characters of a hash that people compare."""


@dataclass(frozen=True)
class Part:
    """Rows of one fate: `colour` is the class of the picture's part."""

    key: str
    label: str
    count: int
    note: str
    colour: str


def steps() -> list[str]:
    """The way of a file."""
    return [_("Unggah"), _("Cocokkan kolom"), _("Uji coba"), _("Terapkan")]


def kinds() -> list[tuple[Kind, str, str]]:
    """Kinds of files: name, and what one does."""
    return [
        (Kind.PENDAFTARAN, kind_name(Kind.PENDAFTARAN), _("Mendaftarkan pegawai pada angkatan pelatihan.")),
        (Kind.KELULUSAN, kind_name(Kind.KELULUSAN), _("Mencatat hasil pelatihan yang sudah selesai, beserta JP dan nilainya.")),
        (Kind.PEGAWAI, kind_name(Kind.PEGAWAI), _("Menambah pegawai baru dan memperbarui data yang berubah.")),
        (Kind.SALDO_JP, kind_name(Kind.SALDO_JP), _("Mencatat JP yang diperoleh sebelum dicatat di sini, per orang dan tahun.")),
    ]  # fmt: skip


def kind_name(kind: Kind) -> str:
    """What a kind of file is called."""
    names = {
        Kind.PENDAFTARAN: _("Pendaftaran"),
        Kind.KELULUSAN: _("Kelulusan"),
        Kind.PEGAWAI: _("Data pegawai"),
        Kind.SALDO_JP: _("Saldo awal JP"),
    }
    return names[kind]


def state_tag(state: str) -> tuple[str, str]:
    """A state and the kind of its tag."""
    words = {
        "columns": (_("Kolom belum cocok"), "warning"),
        "checked": (_("Belum diterapkan"), "warning"),
        "applying": (_("Sedang diterapkan"), "info"),
        "applied": (_("Diterapkan"), "success"),
        "undoing": (_("Sedang dibatalkan"), "info"),
        "undone": (_("Dibatalkan"), "neutral"),
    }
    return words[state]


def title(one: Import) -> str:
    """The page's question or answer."""
    if one.sandbox and one.state in ("applied", "undone"):
        return _("Uji coba selesai")
    words = {
        "columns": _("Kolom mana yang mana?"),
        "checked": _("Aman diterapkan?"),
        "applying": _("Impor sedang diterapkan"),
        "applied": _("Impor diterapkan"),
        "undoing": _("Impor sedang dibatalkan"),
        "undone": _("Impor dibatalkan"),
    }
    return words[one.state]


def lead(one: Import) -> str:
    """The sentence that answers it."""
    if one.sandbox and one.state in ("applied", "undone"):
        return _("Begini laporannya bila sungguhan. Tidak ada yang berubah.")
    return _LEADS[one.state](one)


def trial() -> tuple[str, str]:
    """(title, words) of what a file of an agency to try against is."""
    return _("Ini uji coba"), _(
        "Berkas instansi uji coba dijawab menurut aturan yang sama, tetapi terhadap dunia contoh: tidak ada yang tercatat, dan tidak seorang pun diberi tahu."
    )


def _lead_columns(one: Import) -> str:
    missing = ", ".join(missing_columns(one))
    if not missing:
        return _("Belum ada yang berubah. Ada kolom yang disebut dua kali.")
    return _("Belum ada yang berubah. Tunjukkan kolom mana yang berisi %(names)s.") % {"names": missing}


def _lead_checked(one: Import) -> str:
    if not one.to_do:
        return _("Belum ada yang berubah, dan tidak ada baris yang dapat diterapkan.")
    ready = counted("%(n)s baris siap", one.to_do) % {"n": number(one.to_do)}
    if not one.refused:
        return _("Belum ada yang berubah. %(ready)s, tidak ada yang perlu diperbaiki.") % {"ready": ready}
    return _("Belum ada yang berubah. %(ready)s, %(refused)s perlu diperbaiki.") % {
        "ready": ready,
        "refused": number(one.refused),
    }


def _lead_working(_one: Import) -> str:
    return _("Halaman ini boleh ditutup: pekerjaan tetap berjalan, dan laporannya menunggu di sini.")


def _lead_applied(one: Import) -> str:
    words = {
        Kind.PENDAFTARAN: counted("%(n)s pendaftaran tercatat atau ditarik.", one.applied)
        if one.removed
        else counted("%(n)s pendaftaran tercatat.", one.applied),
        Kind.KELULUSAN: counted("%(n)s hasil pelatihan tercatat.", one.applied),
        Kind.PEGAWAI: counted(
            "%(n)s data pegawai ditambahkan, diperbarui, atau tercatat keluar.", one.applied
        )
        if one.removed
        else counted("%(n)s data pegawai ditambahkan atau diperbarui.", one.applied),
        Kind.SALDO_JP: counted("%(n)s saldo awal JP tercatat.", one.applied),
    }
    return words[one.kind] % {"n": number(one.applied)}


def _lead_undone(one: Import) -> str:
    words = {
        Kind.PENDAFTARAN: counted(
            "%(n)s baris dikembalikan: yang tercatat ditarik, yang ditarik didaftarkan lagi.", one.undone
        )
        if one.removed
        else counted("%(n)s pendaftaran ditarik; peserta diberi tahu.", one.undone),
        Kind.KELULUSAN: counted("%(n)s hasil pelatihan ditarik; peserta diberi tahu.", one.undone),
        Kind.PEGAWAI: counted("%(n)s data pegawai kembali seperti semula.", one.undone),
        Kind.SALDO_JP: counted("%(n)s saldo awal JP kembali seperti semula.", one.undone),
    }
    return words[one.kind] % {"n": number(one.undone)}


_LEADS: Mapping[str, Callable[[Import], str]] = {
    "columns": _lead_columns,
    "checked": _lead_checked,
    "applying": _lead_working,
    "applied": _lead_applied,
    "undoing": _lead_working,
    "undone": _lead_undone,
}


def parts(one: Import) -> list[Part]:
    """What would become of the rows, all of them, and of who is in none."""
    removed = Part("removed", removed_name(one.kind), one.removed, _("tidak ada di daftar lengkap"), "c4")
    return [
        Part("added", _("Baru"), one.added, _("akan ditambahkan"), "c1"),
        Part("changed", _("Berubah"), one.changed, _("akan diperbarui"), "c3"),
        Part("unchanged", _("Tetap"), one.unchanged, _("sudah sama, tidak disentuh"), "c0"),
        Part("refused", _("Ditolak"), one.refused, _("tidak ikut diterapkan"), "c2"),
        *([removed] if one.replace else []),
    ]


def totals(one: Import) -> str:
    """The same in one sentence."""
    return ", ".join(f"{part.label} {number(part.count)}" for part in parts(one))


def progress(one: Import) -> tuple[int, int]:
    """Rows that are done, and all that are to be."""
    if one.state == "undoing":
        return one.undone + one.kept, one.applied
    return one.applied + one.moved, one.added + one.changed + one.removed


def question(one: Import) -> str:
    """What is asked before a plan is applied."""
    ask = counted("Terapkan %(n)s baris?", one.to_do) % {"n": number(one.to_do)}
    told = _("%(added)s baru, %(changed)s berubah; %(refused)s ditolak dan tidak ikut.") % {
        "added": number(one.added),
        "changed": number(one.changed),
        "refused": number(one.refused),
    }
    if one.removed:
        told = f"{told} {leaving(one)}"
    by_hand = _("Keputusan manual ikut ditimpa.") if one.overwrite else _("Keputusan manual tidak disentuh.")
    if one.sandbox:
        by_hand = _("Ini uji coba: tidak ada yang tercatat.")
    return f"{ask} {told} {by_hand} {_('Kode rencana %(hash)s.') % {'hash': one.plan[:SHORT]}}"


def apply_label(one: Import) -> str:
    """What the button says that applies a plan; of an agency to try against it tries only."""
    words = (
        counted("Coba terapkan %(n)s baris", one.to_do)
        if one.sandbox
        else counted("Terapkan %(n)s baris", one.to_do)
    )
    return words % {"n": number(one.to_do)}


def undo_question(one: Import) -> str:
    """What is asked before an import is taken back."""
    rest = {
        Kind.PENDAFTARAN: _("Kursinya kembali, dan peserta diberi tahu."),
        Kind.KELULUSAN: _("Hasil, JP, dan sertifikatnya dicabut, dan peserta diberi tahu."),
        Kind.PEGAWAI: _("Yang baru dihapus, yang berubah kembali seperti semula."),
        Kind.SALDO_JP: _("JP orang-orang ini kembali seperti sebelum impor."),
    }
    ask = counted("Batalkan impor ini, %(n)s baris?", one.applied) % {"n": number(one.applied)}
    again = {
        Kind.PENDAFTARAN: _(
            "Yang ditarik didaftarkan lagi: di kursi yang masih kosong, atau di akhir daftar tunggu."
        ),
        Kind.PEGAWAI: _("Yang tercatat keluar bertugas kembali."),
    }
    back = [again[one.kind]] if one.removed else []
    return " ".join([ask, rest[one.kind], *back])


def is_large(one: Import) -> bool:
    """Whether more people leave than go without saying."""
    return one.removed > removals_limit(one.employed)


def removed_name(kind: Kind) -> str:
    """What becomes of who is not in a full list."""
    return _("Ditarik") if kind is Kind.PENDAFTARAN else _("Tercatat keluar")


def leaving(one: Import) -> str:
    """How many a full list takes out, in a sentence."""
    words = (
        counted("%(n)s pendaftaran akan ditarik.", one.removed)
        if one.kind is Kind.PENDAFTARAN
        else counted("%(n)s pegawai akan tercatat keluar.", one.removed)
    )
    return words % {"n": number(one.removed)}


def nobody_leaves(one: Import) -> str:
    """That a full list takes nobody out."""
    if one.kind is Kind.PENDAFTARAN:
        return _("Tidak ada pendaftaran yang ditarik")
    return _("Tidak seorang pun tercatat keluar")


def all_listed(one: Import) -> str:
    """That everybody is in a full list."""
    if one.kind is Kind.PENDAFTARAN:
        return _("Berkas ini daftar lengkap; di angkatan yang disebutnya tidak ada pendaftaran yang ditarik.")
    return _(
        "Berkas ini daftar lengkap, dan semua pegawai ada di dalamnya: tidak seorang pun tercatat keluar."
    )


def mend_whole(one: Import) -> str:
    """Why refused rows of a full list are not uploaded by themselves."""
    if one.kind is Kind.PENDAFTARAN:
        return _(
            "Perbaiki baris ini di daftar lengkapnya, lalu unggah seluruh daftar: berkas yang berisi baris ini saja membuat pendaftaran yang lain ditarik."
        )
    return _(
        "Perbaiki baris ini di daftar lengkapnya, lalu unggah seluruh daftar: berkas yang berisi baris ini saja membuat yang lain tercatat keluar."
    )


def removals_field(one: Import) -> str:
    """What is typed to confirm that many leave."""
    if one.kind is Kind.PENDAFTARAN:
        return _("Jumlah pendaftaran yang ditarik")
    return _("Jumlah pegawai yang keluar")


def leavers(one: Import) -> str:
    """Who leaves by a full list, in a sentence."""
    if one.kind is Kind.PENDAFTARAN:
        return _out_of_runs(one)
    said = counted("%(n)s dari %(all)s pegawai tidak ada di daftar lengkap ini.", one.removed)
    rest = _(
        "Mereka tercatat keluar pada hari rencana ini diterapkan; pelatihan yang sedang mereka ikuti tidak diubah."
    )
    return f"{said % {'n': number(one.removed), 'all': number(one.employed)}} {rest}"


def _out_of_runs(one: Import) -> str:
    said = counted(
        "%(n)s dari %(all)s pendaftaran instansi ini di angkatan yang disebut berkas tidak ada di dalamnya.",
        one.removed,
    )
    rest = _(
        "Kursinya diberikan kepada yang menunggu, dan orangnya diberi tahu. Angkatan lain tidak diubah; yang sudah hadir atau punya hasil tetap terdaftar."
    )
    return f"{said % {'n': number(one.removed), 'all': number(one.employed)}} {rest}"


def missing_columns(one: Import) -> list[str]:
    """Columns that must be there and were not found."""
    return [str(problem["column"]) for problem in one.problems if problem["code"] == "column.missing"]


def doubled_columns(one: Import) -> list[str]:
    """Columns that more than one header means."""
    return [str(problem["column"]) for problem in one.problems if problem["code"] == "column.duplicate"]


def headers(one: Import) -> list[tuple[int, str, str]]:
    """(place, text, column, `ignore` or empty) of each header, each text once."""
    places = {text: place for place, text in reversed([*enumerate(one.header)]) if header_key(text)}
    return [
        (place, text, one.columns.get(text) or "")
        for text, place in sorted(places.items(), key=lambda p: p[1])
    ]


def example(values: Sequence[str]) -> str:
    """What a column has in it, so that one knows it by its values."""
    return _("Contoh: %(values)s") % {"values": "; ".join(values)} if values else ""


def meanings(kind: Kind) -> list[tuple[str, str]]:
    """What a header can be taken for."""
    columns = configuration().columns[kind]
    return [(c.name, f"{c.name} ({_('wajib')})" if c.required else c.name) for c in columns]


def columns_read(one: Import) -> list[tuple[str, str, str]]:
    """Each header with the column that it was taken for, or why with none."""
    none = {IGNORE: _("diabaikan"), "": _("tidak dikenal, diabaikan")}
    return [
        (text, "" if meaning in none else meaning, none.get(meaning, ""))
        for _at, text, meaning in headers(one)
    ]


def file_facts(one: Import) -> list[tuple[str, str]]:
    """How a file was read."""
    found, delimiters = one.detected, {";": _("titik koma"), ",": _("koma"), "\t": _("tab")}
    return [
        (_("Lembar"), found.get("sheet") or ""),
        (_("Penyandian"), found.get("encoding") or ""),
        (_("Pemisah"), delimiters.get(found.get("delimiter") or "", found.get("delimiter") or "")),
        (_("Baris judul"), str(found.get("header_row") or "")),
    ]
