"""What every chart is: a finding, a drawing, the figures behind it as a table and as a CSV."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, count
from typing import cast

from markupsafe import Markup, escape

from bina.web.charts.drawing import Drawing, Number, Svg, all_escaped, escaped
from bina.web.formats import number, numbers
from bina.web.language import gettext as _
from bina.web.tables.delimited import BOM, csv_text

Cell = str | int | float | Decimal | None
_numbers = count(1)


@dataclass(frozen=True)
class Figure:
    """A chart ready to be written by a template: `{{ figure }}`.

    `rows` hold the same figures as the drawings (the second one is for phones); `csv_href` replaces the CSV that the page carries itself.
    """

    title: str
    description: str
    drawings: Sequence[Drawing]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    key: Sequence[tuple[str, str]] = ()
    note: str = ""
    csv_href: str = ""

    def __html__(self) -> str:
        """The whole `<figure>`; its pieces are large, so they are put together once."""
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[Svg]:
        title, table, download = map(escaped, (self.title, _("Lihat sebagai tabel"), _("Unduh CSV")))
        yield f'<figure class="chart"><figcaption><p class="chart-title">{title}</p>'
        yield f'<p class="chart-note">{escaped(self.note)}</p>' if self.note else ""
        yield "</figcaption>"
        yield from self._drawn()
        yield self._key()
        yield f'<div class="chart-tools"><details><summary>{table}</summary>'
        yield f'<div class="table" role="region" aria-label="{title}" tabindex="0">'
        yield from self._table()
        yield '</div></details><a href="'
        yield escaped(self.csv_href) if self.csv_href else self._csv_data()
        yield f'" download="{escaped(self._file_name())}">{download}</a></div></figure>'

    def svg(self) -> Markup:
        """The drawing alone, named and described; the stylesheet shows the one that fits the width."""
        return Markup("".join(self._drawn()))  # noqa: S704 - `drawing.text` escaped all words

    def _drawn(self) -> Iterator[Svg]:
        kinds = ("",) if len(self.drawings) == 1 else ("roomy", "tight")
        for drawing, kind in zip(self.drawings, kinds, strict=True):
            yield self._opening(drawing, kind)
            yield drawing.inside
            yield "</svg>"

    def _opening(self, drawing: Drawing, kind: str) -> Markup:
        return Markup(
            '<svg width="100%" height="{h}"{kind} role="img" aria-labelledby="chart-{n}" aria-describedby="chart-{n}-d">'
            '<title id="chart-{n}">{title}</title><desc id="chart-{n}-d">{desc}</desc>'
        ).format(
            h=drawing.height,
            kind=Markup(' class="{}"').format(kind) if kind else "",
            n=next(_numbers),
            title=self.title,
            desc=self.description,
        )

    def table(self) -> Markup:
        """The figures of the drawing."""
        return Markup("".join(self._table()))  # noqa: S704 - escaped

    def _table(self) -> Iterator[Svg]:
        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.columns)
        # the first column names the rows; among the others figures are those without a word in them
        classes = ["", *(_num(is_number=not _has_words(column)) for column in columns[1:])]
        head = "".join(
            f'<th scope="col"{kind}>{escape(name)}</th>'
            for kind, name in zip(classes, self.columns, strict=True)
        )
        shown = [_shown(column) for column in columns]
        row = f'<tr><th scope="row">%s</th>{"".join(f"<td{kind}>%s</td>" for kind in classes[1:])}</tr>'
        yield f"<table><thead><tr>{head}</tr></thead><tbody>"
        yield row * len(self.rows) % tuple(chain.from_iterable(zip(*shown, strict=True)))
        yield "</tbody></table>"

    def csv_text(self) -> str:
        """The table as spreadsheets in Indonesia read it: semicolons, decimal commas."""
        return csv_text([self.columns]) + csv_text(self.rows)

    def _key(self) -> Markup:
        if not self.key:
            return Markup("")
        entries = Markup("").join(
            Markup('<li><svg viewBox="0 0 14 14" aria-hidden="true">{}</svg>{}</li>').format(
                _swatch(kind), words
            )
            for kind, words in self.key
        )
        return Markup('<ul class="key">{}</ul>').format(entries)

    def _csv_data(self) -> str:
        body = base64.b64encode((BOM + self.csv_text()).encode()).decode()
        return f"data:text/csv;charset=utf-8;base64,{body}"

    def _file_name(self) -> str:
        return (re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60] or "data") + ".csv"


def _swatch(kind: str) -> Markup:
    shapes = {
        "hollow": '<circle class="hollow" cx="7" cy="7" r="5"/>',
        "mark-line": '<path class="mark-line" d="M7 0v14"/>',
        "limit-line": '<path class="limit-line" d="M7 0v14"/>',
        "plan": '<rect class="plan" x="1" y="1" width="12" height="12" rx="2"/>',
        "dot-short": '<circle class="c2" cx="7" cy="7" r="6"/>',
        "dot": '<circle class="c1" cx="7" cy="7" r="6"/>',
    }
    default = Markup('<rect class="{}" width="14" height="14" rx="2"/>').format(kind)
    return Markup(shapes[kind]) if kind in shapes else default  # noqa: S704 - our own shapes


def _shown(column: Sequence[Cell]) -> list[str]:
    """A column's cells as a reader sees them, escaped."""
    if not _has_words(column):
        return numbers(cast("Sequence[Number | None]", column))
    if set(map(type, column)) == {str}:
        return all_escaped(cast("Sequence[str]", column))
    return [escaped(cell) if isinstance(cell, str) else number(cell) for cell in column]


def _has_words(column: Sequence[Cell]) -> bool:
    return any(issubclass(kind, str) for kind in set(map(type, column)))


def _num(*, is_number: bool) -> str:
    return ' class="num"' if is_number else ""
