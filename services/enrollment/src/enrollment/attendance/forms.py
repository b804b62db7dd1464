"""What the lists of attendance send: one radio group for each participant, and what stood there before."""

from uuid import UUID

from starlette.datastructures import FormData

from bina.web.language import gettext as _
from bina.web.problems import not_found
from enrollment.attendance import problems
from enrollment.attendance.domain import STATES, Said

CHOICE = "attendance."
"""A participant's field is this and their enrolment's id; its value is a state, or empty for nothing."""
BEFORE = "before."
"""Likewise: what was recorded when the page was made."""
FACE = "face."
"""Likewise: `right`, `wrong`, or empty for not looked at."""
RECEIVED = "received."
"""Likewise: a box that says that a report was received."""


def read_list(form: FormData) -> list[Said]:
    """What a list says of whom; raises `Problem` (422) for what our page does not send."""
    states = {str(state): state for state in STATES}
    values = _values(form, CHOICE, {*states, ""})
    before = {id_: form.get(f"{BEFORE}{id_}", "") for id_ in values}
    return [Said(id_, str(before[id_]), states.get(value)) for id_, value in values.items()]


def read_faces(form: FormData) -> dict[UUID, bool]:
    """Of whom a look at the face says what."""
    values = _values(form, FACE, {"right", "wrong", ""})
    return {id_: value == "right" for id_, value in values.items() if value}


def read_received(form: FormData) -> list[UUID]:
    """Whose reports were received, sorted."""
    return sorted(_values(form, RECEIVED, {"1"}))


def _values(form: FormData, prefix: str, known: set[str]) -> dict[UUID, str]:
    fields = [name for name in form if name.startswith(prefix)]
    if any(len(form.getlist(name)) > 1 or form[name] not in known for name in fields):
        raise problems.unreadable()
    return {_id(name.removeprefix(prefix)): str(form[name]) for name in fields}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found(_("Pendaftaran ini tidak dikenal.")) from None
