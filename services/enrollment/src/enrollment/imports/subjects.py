"""What pages about imports are about."""

from bina.web.live import Subject

IMPORTS = Subject(
    "imports",
    """SELECT CAST(import_id AS text) AS key, concat_ws('/', state, plan, applied, moved, undone, kept) AS version
    FROM imports WHERE import_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[]))""",
)
"""How far an import is, by its id."""
