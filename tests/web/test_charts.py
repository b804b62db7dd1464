import csv
import io
import re
import xml.etree.ElementTree as ET
from datetime import date

import pytest

from bina.web import charts
from web.sample.pages import figures

FLOOR = charts.jp_floor(14, 4, target=20, until=date(2026, 12, 31))
ALL = {
    **figures(),
    "floor": FLOOR,
    "ceiling": charts.jp_ceiling(26, 0, limit=24, until=date(2027, 2, 28)),
    "empty bars": charts.ranked_bar("Belum ada pelatihan", [], measure="JP"),
    "empty funnel": charts.funnel("Belum ada undangan", []),
    "hostile": charts.ranked_bar("<b>&\"'", [charts.Bar("=HYPERLINK(1)<i>", 3)], measure="<u>"),
}


def drawn(figure: charts.Figure) -> ET.Element:
    """The figure parsed as XML, which also proves that nothing leaks out of its text."""
    html = figure.__html__().replace("<input", "<input ")
    return ET.fromstring(html)


def widths(figure: charts.Figure, kind: str) -> list[float]:
    first = drawn(figure).find("svg")
    assert first is not None
    return [
        float(rect.attrib["width"].rstrip("%"))
        for rect in first.iter("rect")
        if rect.get("class") in kind.split()
    ]


@pytest.mark.parametrize("figure", ALL.values(), ids=ALL.keys())
def test_every_chart_has_name_description_table_and_csv(figure):
    tree = drawn(figure)
    for svg in tree.findall("svg"):
        named = {svg.attrib["aria-labelledby"]: "title", svg.attrib["aria-describedby"]: "desc"}
        assert {child.attrib["id"]: child.tag for child in svg[:2]} == named
        assert svg[0].text == figure.title
    assert tree.find(".//details//table") is not None
    assert tree.find(".//a[@download]") is not None
    assert "style=" not in figure.__html__()


@pytest.mark.parametrize("figure", ALL.values(), ids=ALL.keys())
def test_table_and_csv_hold_the_same_figures(figure):
    read = list(csv.reader(io.StringIO(figure.csv_text()), delimiter=";"))
    assert len(read) == len(figure.rows) + 1
    numbers = [
        [float(cell.replace(",", ".")) for cell in row[1:] if re.fullmatch(r"-?[\d,]+", cell)]
        for row in read[1:]
    ]
    assert numbers == [[float(c) for c in row[1:] if isinstance(c, (int, float))] for row in figure.rows]
    assert len(drawn(figure).findall(".//tbody/tr")) == len(figure.rows)


def test_bars_are_as_long_as_their_values_and_ranked():
    ranked = ALL["ranked"]
    assert widths(ranked, "c1 c2") == [98.3, 77.4, 72.1, 48.1, 24.4]
    assert [value for _name, value in ranked.rows] == [0.983, 0.774, 0.721, 0.481, 0.244, None]


def test_a_funnel_starts_full_and_shrinks_by_share():
    assert widths(ALL["response"], "c1") == [100.0, 96.6, 60.92, 50.24]


def test_jp_needed_and_met_are_said_in_words():
    assert FLOOR.title == "Anda perlu 6 JP lagi sebelum 31 Desember 2026."
    assert (
        charts.jp_floor(21, 0, target=20, until=date(2026, 12, 31)).title
        == "Target 20 JP tahun ini tercapai."
    )
    assert ALL["ceiling"].title == "26 JP, batas 24 JP, kontrak s.d. 28 Februari 2027."


def test_jp_beyond_the_ceiling_is_drawn_as_beyond():
    beyond, earned = widths(ALL["ceiling"], "over-limit"), widths(ALL["ceiling"], "c1")
    assert beyond[0] / earned[0] == pytest.approx(2 / 26, abs=0.001)
    assert widths(FLOOR, "over-limit") == []


def test_the_largest_shortfall_leads_and_the_unmeasured_ends():
    assert [row[0] for row in ALL["gaps"].rows][:2] == ["Mengelola Perubahan", "Komunikasi"]
    assert ALL["gaps"].rows[-1] == ("Perekat Bangsa", 3, None, None)


def test_a_gap_in_a_line_is_not_bridged():
    inner = drawn(ALL["trend"]).find("svg/svg")
    assert inner is not None
    lines = [line.attrib["points"].split() for line in inner.iter("polyline") if line.get("class") == "l2"]
    assert [len(points) for points in lines] == [1, 3]


def outlines(figure: charts.Figure) -> list[list[list[float]]]:
    inner = drawn(figure).find("svg/svg")
    assert inner is not None
    shapes = [one.attrib["points"].split() for one in inner if one.get("class") == "band"]
    return [[[float(part) for part in point.split(",")] for point in shape] for shape in shapes]


def test_a_band_lies_from_its_lower_to_its_upper_ends_beneath_the_lines():
    band = charts.Band("rentang antarunit", [10, 20, None, 30], [40, 20, None, 50])
    figure = charts.line("x", list("abcd"), [charts.Series("Median", [20, 20, 20, 40])], high=100, band=band)
    first, second = outlines(figure)
    left, right = 8.0, 8.0 + 92 / 3
    # a hundred lies at the top, 18 px below the edge, nothing 200 px beneath
    assert first == [[left, 138.0], [round(right, 2), 178.0], [round(right, 2), 178.0], [left, 198.0]]
    assert second == [[100.0, 118.0], [100.0, 158.0]]
    inner = drawn(figure).find("svg/svg")
    assert inner is not None
    assert [one.get("class") for one in inner] == ["band", "band", "l1"]


def test_a_bands_ends_stand_in_its_table_csv_and_description():
    band = charts.Band("rentang antarunit", [10, 20], [40, None])
    figure = charts.line("x", ["2025", "2026"], [charts.Series("Median", [20, 25])], band=band)
    head, *rows = csv.reader(io.StringIO(figure.csv_text()), delimiter=";")
    assert head[1:] == ["Median", "rentang antarunit: dari", "rentang antarunit: sampai"]
    assert rows == [["2025", "20", "10", "40"], ["2026", "25", "20", ""]]
    assert "rentang antarunit" in figure.description
    assert drawn(figure).find(".//ul[@class='key']/li") is not None


def test_a_scale_reaches_to_the_bands_upper_end():
    inside = charts.Band("rentang", [0], [95])
    figure = charts.line("x", ["2026"], [charts.Series("Median", [5])], band=inside)
    assert all(18 < y <= 218 for shape in outlines(figure) for _x, y in shape)


@pytest.mark.parametrize("ends", [(0, 0, 0), (100, 100, 100), (50,), (0, 50, 51), (0, 1, 2, 3, 100)])
def test_names_of_lines_stand_apart_and_above_the_times(ends: tuple[int, ...]):
    """Three lines that end at nothing were written over the date below."""
    series = [charts.Series(f"garis {n}", [100, end]) for n, end in enumerate(ends)]
    figure = charts.line("Semua diterima", ["1 Nov", "30 Nov"], series)
    (svg,) = drawn(figure).findall("svg")
    names = sorted(float(t.attrib["y"]) for t in svg.iter("text") if (t.text or "").startswith("garis"))
    (times, *_same) = [float(t.attrib["y"]) for t in svg.iter("text") if t.text == "30 Nov"]
    assert all(below - above >= 16 for above, below in zip(names, [*names[1:], times], strict=True))
    assert names[0] > 0


def test_six_lines_are_too_many():
    with pytest.raises(ValueError, match="five"):
        charts.line("x", ["2026"], [charts.Series(str(n), [n]) for n in range(6)])


def test_a_csv_cell_is_never_a_formula():
    assert ALL["hostile"].csv_text().splitlines()[1].startswith("'=HYPERLINK")


def test_a_difference_carries_no_noise_of_binary_fractions():
    pairs = [charts.Pair("Bimtek", 50.6, 65.8)]
    figure = charts.dumbbell("Nilai", pairs, low=0, high=100, reference="sebelum", found="sesudah")
    assert figure.csv_text().splitlines()[1] == "Bimtek;50,6;65,8;15,2"
