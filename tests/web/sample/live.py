"""A page that keeps itself up to date: people by name, each with a field, and how many there are."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from bina.web.access import Person
from bina.web.live import Subject, watch
from bina.web.permissions import may
from web.sample.pages import pages

router = APIRouter()
PEOPLE = Subject(
    "people",
    """SELECT key, (SELECT md5(string_agg(name, ',' ORDER BY asn_id)) FROM people) AS version
    FROM unnest(CAST(:keys AS text[])) AS key""",
)
NAMES = Subject(
    "names",
    """SELECT CAST(asn_id AS text) AS key, name AS version FROM people
    WHERE asn_id = ANY (CAST(CAST(:keys AS text[]) AS uuid[]))""",
)


@router.get("/toy/orang")
async def everybody(request: Request, _person: Annotated[Person, may("home.read")]) -> Response:
    async with request.app.state.runtime.sessions() as session:
        stream = await watch(request, session, {PEOPLE: ["all"]})
        rows = list(await session.execute(text("SELECT asn_id, name FROM people ORDER BY asn_id")))
    return pages.render(request, "pelatihan/people.html", rows=rows, stream=stream)
