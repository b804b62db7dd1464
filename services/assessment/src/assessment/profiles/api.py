"""Profiles for machines."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request

from assessment.profiles import store
from assessment.profiles.domain import Entry, match_of
from assessment.profiles.views import competency_name
from assessment.scope import check_profile
from bina.messaging.clock import today
from bina.web.access import Person
from bina.web.audit import OthersRecords
from bina.web.permissions import may
from bina.web.problems import not_found

router = APIRouter(tags=["profiles"])


@router.get("/people/{asn_id}/profile")
async def show(
    request: Request, asn_id: UUID, person: Annotated[Person, may("profile.read")], reads: OthersRecords
) -> dict[str, Any]:
    """A person's levels, standards and gaps; `jpm` is indicative and null where nothing was assessed."""
    async with request.app.state.runtime.sessions() as session:
        await check_profile(session, person, asn_id)
        entries = (await store.load_entries(session, {asn_id})).get(asn_id)
        required = await store.load_required(session, asn_id, today())
    if entries is None:
        raise not_found()
    await reads.of([asn_id])
    match = match_of(entries, required)
    return {
        "asn_id": asn_id,
        "entries": [_entry(entry) for entry in entries],
        "jpm": match and {"percent": match.percent, "raw": match.raw, "assessed": match.assessed},
        "required": required,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": competency_name(entry.code),
        "level": entry.level,
        "standard": entry.standard,
        "gap": entry.gap,
        "source": entry.source,
        "indicative": entry.indicative,
        "assessed_on": entry.assessed_on,
        "valid_until": entry.valid_until,
    }
