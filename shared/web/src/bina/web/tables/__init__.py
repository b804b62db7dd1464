"""Lists: sorted, filtered, page by page, and as a file, each declared once.

    table = Table("buku-kirim", columns, id=Key("notice_id", "uuid"), default="dicatat")    # columns, and how they sort
    asked = table.asked(request)                        # `urut`, `arah` and `sesudah` of the address; 422 for others
    page = await asked.page(session, query, PAGE)       # `query` is the store's: SQL and values, or rows it has
    shown = table.shown(request, asked, page, ...)      # for `{% call(row) ui.listing(shown, "…") %}`
    return await export(request, table, query, form, note)                              # the same rows as CSV or XLSX

Paging goes on after the last row's own values, its id last: rows that come meanwhile move nobody to another page.
"""

from bina.web.tables.asking import Asked, Term
from bina.web.tables.columns import Column, Key, Table
from bina.web.tables.delimited import Cell, csv_text
from bina.web.tables.exporting import Format, export
from bina.web.tables.querying import Page, Query, Rows, Source, literal
from bina.web.tables.showing import Shown, address

__all__ = [
    "Asked",
    "Cell",
    "Column",
    "Format",
    "Key",
    "Page",
    "Query",
    "Rows",
    "Shown",
    "Source",
    "Table",
    "Term",
    "address",
    "csv_text",
    "export",
    "literal",
]
