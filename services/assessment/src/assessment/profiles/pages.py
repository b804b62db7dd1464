"""A person's own profile."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from assessment.plans import store as plans
from assessment.profiles import store
from assessment.profiles.views import Profile, competency_name
from assessment.shell import pages
from assessment.standards.reference import load_standards
from bina.messaging.clock import today
from bina.web.access import Person
from bina.web.permissions import may

router = APIRouter()


@router.get("/assessment/profil")
async def show(request: Request, person: Annotated[Person, may("profile.own")]) -> Response:
    """Where is my gap, and which training closes it?"""
    asn_id = person.person_id
    async with request.app.state.runtime.sessions() as session:
        entries = (await store.load_entries(session, {asn_id})).get(asn_id, []) if asn_id else []
        required = await store.load_required(session, asn_id, today()) if asn_id else {}
        standing = await plans.find_standing(session, asn_id, today()) if asn_id else None
    return pages.render(
        request,
        "profiles/profile.html",
        profile=Profile(entries, required),
        recommendation=standing,
        competency_name=competency_name,
        standards=load_standards(),
    )
