"""Refusals that several capabilities answer with."""

from collections.abc import Sequence

from bina.web.language import gettext as _
from bina.web.problems import Fault, Problem


def invalid_rows(faults: Sequence[Fault]) -> Problem:
    """Rows of one call that cannot be taken; none of the call was."""
    return Problem(
        "invalid-input",
        422,
        _("Ada isian yang belum benar."),
        mend=_("Perbaiki baris yang disebut, lalu kirim lagi semuanya."),
        errors=faults,
    )
