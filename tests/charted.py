"""What the charts of a page say, read off the page as it was served."""

import re
from html import unescape


def chart_rows(html: str) -> list[list[list[str]]]:
    """Of each chart its table's rows: the name first, then figures in words."""
    charts = re.findall(r'<figure class="chart">(.*?)</figure>', html, re.DOTALL)
    bodies = [re.findall(r"<tbody>(.*?)</tbody>", one, re.DOTALL) for one in charts]
    return [[_cells(row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)] for (body,) in bodies]


def _cells(row: str) -> list[str]:
    return [
        unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)
    ]


def figure(shown: str) -> float:
    """A number as Indonesians write it."""
    return float(shown.replace(".", "").replace(",", "."))
