"""What an editor saw: what somebody else changed meanwhile is not written over.

A reading tells its `ETag`, the edit brings it back in `If-Match` (RFC 9110 §13.1.1); a form brings it in a hidden field.
An edit without either is taken as it comes.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.encoders import jsonable_encoder

from bina.web.language import gettext as _
from bina.web.problems import Problem

HEADER = "If-Match"
_TAG = re.compile(r'"([0-9a-f]{32})(?:-\w+)?"')
"""As `edition_of` writes it, or as a gateway that compresses the answer writes it on: `"…-gzip"`, `W/"…"`."""
CHANGED = "changed-meanwhile"


def edition_of(*facts: Any) -> str:
    """The entity tag of what can be edited: another one as soon as any of the facts is."""
    told = json.dumps(jsonable_encoder(facts), sort_keys=True)
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Seen:
    """The editions of which one is to be edited, as `If-Match` says them; empty: whatever is there."""

    editions: str = ""

    def check(self, now: str) -> None:
        """Raise `Problem` (412) where none of them is there any more."""
        if self.editions.strip() not in {"", "*"} and not {*_TAG.findall(now)} & {
            *_TAG.findall(self.editions)
        }:
            raise Problem(
                CHANGED,
                412,
                _("Ini diubah orang lain sejak Anda membukanya."),
                mend=_("Baca keadaannya sekarang, lalu ulangi perubahan Anda."),
            )


WHATEVER = Seen()


async def if_match(request: Request) -> Seen:
    """Dependency: what the editor of an API request saw."""
    return Seen(request.headers.get(HEADER, ""))


IfMatch = Annotated[Seen, Depends(if_match)]
