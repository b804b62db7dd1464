"""What every chart is: a finding, a drawing, the figures behind it as a table and as a CSV."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import count

from markupsafe import Markup, escape

from bina.web.charts.drawing import Drawing, all_escaped, escaped
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
        """The whole `<figure>`."""
        return _joined(
            Markup('<figure class="chart"><figcaption><p class="chart-title">{}</p>').format(self.title),
            Markup('<p class="chart-note">{}</p>').format(self.note) if self.note else Markup(""),
            Markup("</figcaption>"),
            *self._drawn(),
            self._key(),
            Markup('<div class="chart-tools"><details><summary>{}</summary>').format(
                _("Lihat sebagai tabel")
            ),
            Markup('<div class="table" role="region" aria-label="{}" tabindex="0">').format(self.title),
            self.table(),
            Markup('</div></details><a href="{}" download="{}">{}</a></div></figure>').format(
                self.csv_href or self._csv_data(), self._file_name(), _("Unduh CSV")
            ),
        )

    def svg(self) -> Markup:
        """The drawing alone, named and described; the stylesheet shows the one that fits the width."""
        return _joined(*self._drawn())

    def _drawn(self) -> Iterator[Markup]:
        kinds = ("",) if len(self.drawings) == 1 else ("roomy", "tight")
        for drawing, kind in zip(self.drawings, kinds, strict=True):
            yield self._opening(drawing, kind)
            yield Markup(drawing.inside)  # noqa: S704 - `drawing.text` escaped all words
            yield Markup("</svg>")

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
        classes = [_num(is_number=i in self._numbers) for i in range(len(self.columns))]
        head = "".join(
            f'<th scope="col"{kind}>{escape(name)}</th>'
            for kind, name in zip(classes, self.columns, strict=True)
        )
        columns = zip(*self.rows, strict=True)
        cells = [
            _cells(column, i, kind) for i, (column, kind) in enumerate(zip(columns, classes, strict=False))
        ]
        body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
        return Markup(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")  # noqa: S704 - escaped

    def csv_text(self) -> str:
        """The table as spreadsheets in Indonesia read it: semicolons, decimal commas."""
        return csv_text([self.columns, *self.rows])

    @cached_property
    def _numbers(self) -> frozenset[int]:
        """Columns without a word in them; the first one names the rows."""
        words = {i for row in self.rows for i, cell in enumerate(row) if isinstance(cell, str)}
        return frozenset(range(1, len(self.columns))) - words

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


def _joined(*parts: Markup) -> Markup:
    """In one go: adding one to the other copies a long drawing each time."""
    return Markup("".join(parts))  # noqa: S704 - all of them are markup


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


def _cells(column: Sequence[Cell], place: int, kind: str) -> list[str]:
    """A column's cells; the first column names the rows."""
    words = [cell for cell in column if isinstance(cell, str)]
    if not words:
        shown = numbers(cell for cell in column if not isinstance(cell, str))
    elif len(words) == len(column):
        shown = all_escaped(words)
    else:
        shown = [escaped(cell) if isinstance(cell, str) else number(cell) for cell in column]
    if place == 0:
        return [f'<th scope="row">{cell}</th>' for cell in shown]
    return [f"<td{kind}>{cell}</td>" for cell in shown]


def _num(*, is_number: bool) -> str:
    return ' class="num"' if is_number else ""
