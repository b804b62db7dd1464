"""Why a tree stays as it is, in words."""

from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem
from enrollment.units.domain import Inside


def invalid(where: str, what: str) -> Problem:
    """422: one field of a form."""
    return Problem("invalid-input", 422, _("Unit belum disimpan."), errors=[Fault(where, what)])


def below_itself(unit: str, parent: str) -> Problem:
    """409: a unit would lie below itself."""
    return Problem(
        "unit-below-itself",
        409,
        _("Unit tidak dapat dipindah ke bawah dirinya sendiri."),
        _("%(parent)s berada di bawah %(unit)s.") % {"parent": parent, "unit": unit},
        mend=_("Pilih unit lain, atau pindahkan %(parent)s lebih dahulu.") % {"parent": parent},
    )


def not_empty(name: str, inside: Inside, way: tuple[str, str]) -> Problem:
    """409: who or what is in a unit that is to be closed, and where it can go."""
    found = [
        counted("%(n)s orang", inside.people) % {"n": number(inside.people)} if inside.people else "",
        counted("%(n)s unit di bawahnya", inside.units) % {"n": number(inside.units)} if inside.units else "",
        counted("%(n)s peran", inside.roles) % {"n": number(inside.roles)} if inside.roles else "",
    ]
    steps = [
        _("Pindahkan orang-orangnya ke unit lain lewat halaman masing-masing atau impor pegawai.")
        if inside.people
        else "",
        _("Pindahkan atau tutup unit di bawahnya lebih dahulu.") if inside.units else "",
        _("Minta pengelola platform memindahkan perannya.") if inside.roles else "",
    ]
    return Problem(
        "unit-not-empty",
        409,
        _("%(name)s belum kosong, jadi belum dapat ditutup.") % {"name": name},
        _("Masih ada %(what)s.") % {"what": ", ".join(filter(None, found))},
        mend=" ".join(filter(None, steps)),
        way=way,
        more={"people": inside.people, "units": inside.units, "roles": inside.roles},
    )


def above_closed() -> Problem:
    """409: a unit would be open below a closed one."""
    return Problem(
        "unit-parent-closed",
        409,
        _("Unit di atasnya sudah ditutup."),
        mend=_("Buka lagi unit di atasnya, atau pindahkan unit ini lebih dahulu."),
    )
