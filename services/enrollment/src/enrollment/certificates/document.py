"""A certificate as PDF/A-2b, made from its facts: the same bytes for the same facts, whenever and by whom it is asked.

Its words are Indonesian for every reader: it is an official document. Colours and ornament are those of the pages.
"""

from datetime import UTC, date, datetime, time
from itertools import groupby
from xml.sax.saxutils import escape

import segno
from babel.dates import format_date
from fpdf import FPDF

from enrollment.certificates.domain import Facts, address_of, written
from enrollment.certificates.lettering import Box, Style, embed, write

WIDTH, HEIGHT = 297.0, 210.0
BAND = 34.0
"""Width of the ornamental band on the left."""
LEFT, RIGHT = 52.0, 281.0
INK, QUIET, TARUM, HEADER, SOGA, GOLD, HAIR = (
    (18, 32, 46), (75, 89, 102), (23, 74, 120), (14, 44, 74), (140, 81, 8), (235, 187, 102), (211, 218, 224),
)  # fmt: skip
_QR = 33.0
_NAME = (30, 26, 22, 19, 16)
_SIGNED = {
    "unsigned": "Tempat tanda tangan elektronik tersertifikasi. Belum ditandatangani secara elektronik.",
    "pending": "Tanda tangan elektronik tersertifikasi sedang diproses.",
    "signed": "Ditandatangani secara elektronik, nomor {reference}.",
}
_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>{at}</xmp:CreateDate><xmp:ModifyDate>{at}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def render(facts: Facts, site: str) -> bytes:
    """The certificate, A4 landscape, one page; `site` is where its verification page lies."""
    pdf = _begun(facts)
    _ornament(pdf)
    _head(pdf, facts)
    below = _person(pdf, facts)
    _training(pdf, facts, below)
    _foot(pdf, facts, address_of(site, facts.certificate.code))
    return bytes(pdf.output())


def _begun(facts: Facts) -> FPDF:
    pdf = FPDF("landscape", "mm", "A4", enforce_compliance="PDF/A-2B")
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    embed(pdf)
    title = f"Sertifikat {facts.certificate.number}"
    at = datetime.combine(facts.certificate.issued_on, time.min, UTC)
    pdf.set_creation_date(at)
    pdf.set_title(title)
    pdf.set_lang("id-ID")
    pdf.set_xmp_metadata(_XMP.format(title=escape(title), at=at.isoformat()))
    pdf.add_page()
    return pdf


def _ornament(pdf: FPDF) -> None:
    """Kawung as overlapping circles: two neighbours share a leaf, four leaves meet. A selvedge of soga beside it."""
    pdf.set_fill_color(*HEADER)
    pdf.rect(0, 0, BAND, HEIGHT, "F")
    pdf.set_draw_color(*GOLD)
    pdf.set_line_width(0.3)
    step = BAND / 4
    with pdf.rect_clip(0, 0, BAND, HEIGHT):
        for row in range(int(HEIGHT / step) + 2):
            for column in range(row % 2, 5, 2):
                pdf.circle(column * step, row * step, step)
                pdf.circle(column * step, row * step, 0.5)
    pdf.set_fill_color(*SOGA)
    pdf.rect(BAND, 0, 1.6, HEIGHT, "F")


def _head(pdf: FPDF, facts: Facts) -> None:
    half = (RIGHT - LEFT) * 0.58
    write(pdf, facts.organiser_name, Box(LEFT, 17, half, 2), Style((13, 11, 9), TARUM, bold=True))
    number = Box(LEFT + half, 17, RIGHT - LEFT - half, 2, right=True)
    write(pdf, f"Nomor {facts.certificate.number}", number, Style((11, 9, 8), INK))
    write(pdf, "Sertifikat", Box(LEFT, 33, RIGHT - LEFT), Style((44,), HEADER, bold=True))


def _person(pdf: FPDF, facts: Facts) -> float:
    wide = RIGHT - LEFT
    below = write(pdf, "diberikan kepada", Box(LEFT, 56, wide), Style((12,), QUIET))
    below = write(
        pdf,
        facts.name,
        Box(LEFT, below + 2, wide, 1 if len(facts.name) < 50 else 2),
        Style(_NAME, INK, bold=True),
    )
    below = write(
        pdf,
        f"NIP {facts.nip}  ·  {facts.employer}",
        Box(LEFT, below + 1.5, wide, 2),
        Style((12, 10.5, 9), QUIET),
    )
    pdf.set_draw_color(*SOGA)
    pdf.set_line_width(0.7)
    pdf.line(LEFT, below + 4, LEFT + 30, below + 4)
    return below + 8


def _training(pdf: FPDF, facts: Facts, below: float) -> None:
    wide = RIGHT - LEFT
    below = write(pdf, "telah menyelesaikan pelatihan", Box(LEFT, below, wide), Style((12,), QUIET))
    below = write(
        pdf, facts.programme, Box(LEFT, below + 1.5, wide, 2), Style((20, 17, 14, 12), TARUM, bold=True)
    )
    cells = (
        ("Dilaksanakan", _span(facts.starts_on, facts.ends_on), 0.36, 1),
        ("Diselesaikan", _day(facts.completed_on), 0.22, 1),
        ("Beban", f"{facts.jp} JP", 0.12, 1),
        ("Angkatan", facts.run_code, 0.3, 2),
    )
    x = LEFT
    for label, value, share, lines in cells:
        y = write(pdf, label, Box(x, below + 4, share * wide - 3), Style((9,), QUIET))
        write(pdf, value, Box(x, y + 0.5, share * wide - 3, lines), Style((12, 11, 10, 9, 8), INK, bold=True))
        x += share * wide


def _foot(pdf: FPDF, facts: Facts, address: str) -> None:
    top = 154.0
    pdf.set_draw_color(*HAIR)
    pdf.set_line_width(0.3)
    pdf.line(LEFT, top - 5, RIGHT, top - 5)
    issued = f"Diterbitkan {_day(facts.certificate.issued_on)} oleh {facts.organiser_name}"
    if facts.is_corrected:
        issued += f"; isinya diperbaiki sejak itu, revisi ke-{facts.revision}"
    y = write(pdf, issued + ".", Box(LEFT, top, 112, 2), Style((10, 9), INK))
    _signature(pdf, facts, max(y + 3, 167))
    _qr(pdf, address, RIGHT - _QR, top)
    words = Box(RIGHT - _QR - 66, top, 61, right=True)
    y = write(pdf, "Asli dan masih berlaku?", words, Style((11,), HEADER, bold=True))
    y = write(
        pdf, "Pindai kode QR, atau buka alamat ini:", words._replace(y=y + 1, lines=2), Style((9,), QUIET)
    )
    write(pdf, address, words._replace(y=y + 1, lines=3), Style((8.5, 8, 7), INK))
    code = Box(RIGHT - 100, top + _QR + 3, 100, right=True)
    write(pdf, f"Kode verifikasi  {written(facts.certificate.code)}", code, Style((10,), INK, bold=True))


def _signature(pdf: FPDF, facts: Facts, y: float) -> None:
    signed = facts.certificate
    pdf.set_draw_color(*QUIET)
    pdf.set_line_width(0.25)
    pdf.set_dash_pattern(dash=1.2, gap=1.2)
    pdf.rect(LEFT, y, 92, 25)
    pdf.set_dash_pattern()
    words = _SIGNED[signed.signature].format(reference=signed.signature_reference)
    write(pdf, words, Box(LEFT + 4, y + 4, 84, 3), Style((9, 8), QUIET))


def _qr(pdf: FPDF, address: str, x: float, y: float) -> None:
    """Dark squares on paper; the quiet zone around is the page's white."""
    rows = segno.make(address, error="m", micro=False).matrix
    side = _QR / len(rows)
    pdf.set_fill_color(*INK)
    for down, row in enumerate(rows):
        across = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                pdf.rect(x + across * side, y + down * side, length * side, side, "F")
            across += length


def _span(first: date, last: date) -> str:
    if first == last:
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    start = _day(first) if first.year != last.year else format_date(first, "d MMMM", locale="id")
    return f"{start} – {_day(last)}"


def _day(day: date) -> str:
    return format_date(day, "d MMMM y", locale="id")
