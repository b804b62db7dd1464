"""Texts that a request may bring: UTF-8, and none holds a NUL character, which neither PostgreSQL nor an event can keep.

Every text in a body is one of these types or has a pattern of its own; addresses and forms are checked as they come in.
"""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from pydantic import Field
from starlette.datastructures import FormData
from starlette.types import Scope

from bina.web.language import gettext as _
from bina.web.problems import Problem

PlainText = Annotated[str, Field(pattern=r"^[^\u0000]*$")]
Code = Annotated[PlainText, Field(min_length=1, max_length=64)]
Line = Annotated[PlainText, Field(min_length=1, max_length=300)]


def is_utf8(given: bytes) -> bool:
    """Whether bytes are UTF-8; else they would be read as something else."""
    try:
        given.decode()
    except UnicodeDecodeError:
        return False
    return True


def address_is_readable(scope: Scope) -> bool:
    """Whether the path and the query of a request are UTF-8 without a NUL character."""
    given = unquote_to_bytes(scope["raw_path"]) + b"?" + unquote_to_bytes(scope["query_string"])
    return b"\0" not in given and is_utf8(given)


def form_holds_nul(form: FormData) -> bool:
    """Whether the name or the text of a field holds a NUL character."""
    texts = (part for field in form.multi_items() for part in field if isinstance(part, str))
    return any("\0" in text for text in texts)


def nul_refused() -> Problem:
    """422: a text that cannot be kept."""
    return Problem(
        "invalid-input",
        422,
        _("Ada karakter yang tidak dapat disimpan."),
        mend=_("Hapus karakter kosong (NUL) dan yang bukan UTF-8, lalu kirim lagi."),
    )
