"""Files that an import gives back: the original, and refused rows ready to be mended."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import Response

from bina.web.language import current
from bina.web.language import gettext as _
from bina.web.tables import Column, Key, Query, Table
from enrollment.imports.plan import problem_of
from enrollment.imports.problems import Problem
from enrollment.imports.store import Import, refused_query


class RefusedRow(NamedTuple):
    """A refused row: the cells' own texts, and what is wrong with them."""

    row: int
    cells: Sequence[str]
    problems: Sequence[Problem]


def refused_table(one: Import) -> Table[RefusedRow]:
    """The original columns as text, then where, what, and how to mend it."""
    own = [Column(f"k{place}", text, _cell(place)) for place, text in enumerate(one.header)]
    more: list[Column[RefusedRow]] = [
        Column("baris", _("Baris"), lambda r: r.row, sort=[Key("row", "bigint")], number=True),
        Column(
            "masalah",
            _("Masalah"),
            lambda r: "; ".join(f"{p.column or ''} {p.code}".strip() for p in r.problems),
        ),
        Column("perbaikan", _("Perbaikan"), lambda r: " ".join(map(advice, r.problems))),
    ]
    return Table(
        f"ditolak-{one.file_name.rsplit('.', 1)[0]}"[:80], [*own, *more], Key("row", "bigint"), "baris"
    )


def refused_rows(import_id: UUID) -> Query[RefusedRow]:
    """Its rows."""
    sql, values = refused_query(import_id)
    return Query(sql, values, _row)


def original(one: Import, content: bytes) -> Response:
    """The file as it came, never shown in place: it is somebody's, and may hold anything."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(one.file_name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def advice(problem: Problem) -> str:
    """How to mend it, in the reader's language."""
    return problem.advice_en if current() == "en" else problem.advice


def _cell(place: int) -> Any:
    return lambda row: row.cells[place] if place < len(row.cells) else ""


def _row(row: Any) -> RefusedRow:
    problems = [problem_of(one, row.row) for one in json.loads(row.problems or "[]")]
    return RefusedRow(row.row, json.loads(row.cells or "[]"), problems)
