"""A run with sessions and people in it, for the tests of attendance."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from bina.messaging import clock
from enrollment.attendance import codes
from enrollment.catalogue.domain import run_id_of, session_id_of

from .conftest import SECRET, Site
from .story import CITY, TESTED, asked, enrollment_id, nip

TAUGHT = 7
"""Who teaches the second session."""
PAGE = f"/enrollment/angkatan/{TESTED}"


def at(hour: float, days: int = 0) -> datetime:
    """An hour of the business day (03:00 UTC is now), in UTC."""
    return datetime(2026, 11, 20 + days, tzinfo=UTC) + timedelta(hours=hour)


FIRST, SECOND, AHEAD = at(1, -1), at(2.5), at(2.5, 1)


def session(starts: datetime, **more) -> dict[str, object]:
    return {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=3)).isoformat(), **more}


def session_id(starts: datetime = SECOND) -> UUID:
    return session_id_of(run_id_of(TESTED), starts)


async def hold(site: Site, *starts: datetime, people: tuple[int, ...] = (1, 2, 3), **change) -> None:
    """Give the run these sessions and enrol people; without a test unless `pass_score` says otherwise."""
    rows = [session(one, trainer=nip(TAUGHT) if one == SECOND else None) for one in starts]
    body = {"sessions": rows, "pass_score": None} | change
    answer = await site.command(f"runs/{TESTED}/change", body, "operator")
    assert answer.status_code == 200, answer.text
    await site.svc.receives(*(asked(n, TESTED) for n in people), agency=CITY)
    await site.svc.emitted()


def marks(**states: tuple[int, ...]) -> dict[str, list[str]]:
    """`marks(present=(1, 2), absent=(3,))` as the machine interface takes it."""
    return {state: [str(enrollment_id(n, TESTED)) for n in numbers] for state, numbers in states.items()}


async def say(site: Site, starts: datetime, *roles: str, who: dict | None = None, **states) -> httpx.Response:
    path = f"sessions/{session_id(starts)}/attendance"
    return await site.command(path, marks(**states), *(roles or ("operator",)), **(who or {}))


async def marked(site: Site, starts: datetime = SECOND) -> dict[int, str]:
    """What is recorded, by person."""
    rows = await site.svc.rows("SELECT session_id, enrollment_id, state FROM attendance")
    numbers = {enrollment_id(n, TESTED): n for n in range(1, 10)}
    return {numbers[r.enrollment_id]: r.state for r in rows if r.session_id == session_id(starts)}


def fields_of(html: str, action: str) -> dict[str, str]:
    """Hidden fields of the page's form with this action."""
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.S) if f'action="{action}"' in f)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))


async def sends(client: httpx.AsyncClient, page: str, action: str, **fields) -> httpx.Response:
    """Send the form of a page as a browser without a script does."""
    answer = await client.get(page)
    assert answer.status_code == 200, answer.text
    return await client.post(action, data=fields_of(answer.text, action) | fields)


def code(starts: datetime = SECOND, back: int = 0) -> str:
    """What the screen shows now, or so many steps ago (wall time)."""
    return codes.code_at(session_id(starts), codes.step_of(datetime.now(UTC)) - back, SECRET)


async def check_in(
    client: httpx.AsyncClient, typed: str, starts: datetime = SECOND, **fields
) -> httpx.Response:
    page = f"/enrollment/hadir/{session_id(starts)}"
    return await sends(client, page, page, kode=typed, **fields)


def later(hours: float) -> None:
    """Let business time go on."""
    clock.move(clock.offset() + timedelta(hours=hours))
