"""Every route of every service, asked by every role about records here and elsewhere, holds the table of access."""

import logging
from collections.abc import Iterable
from importlib import import_module

import httpx
import pytest

from bina.web.rates import Limiter, Rates

from .law import ASKERS, Asker, may, sees
from .people import ASKER, PEOPLE, Record
from .trying import Tried
from .walking import browser, guarded, refused, send, tried
from .worlds import SECRET, build, settings_of

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
DONE = {200, 201, 202, 303, 307, 409, 410}
"""What somebody meets who may: done, or a rule of the field that has nothing to do with who asks."""

WALKED = Rates(address_commands=10_000, address_entries=10_000, person_commands=10_000)
"""A walk asks within seconds what a minute is for."""


@pytest.mark.parametrize("asker", ASKERS, ids=str)
@pytest.mark.parametrize("name", SERVICES)
async def test_every_route_holds_the_table(under_test, served, caplog, monkeypatch, name: str, asker: Asker):
    module = import_module(f"{name}.app")
    service = await under_test(module.service)
    world = await build(service)
    app = served(module.create, service, settings_of(service, demo=asker.demo))
    monkeypatch.setattr(app.state, "limiter", Limiter(WALKED))
    wrong: list[str] = []
    async with browser(app, asker) as client:
        for route_name, route, action in guarded(app):
            case = tried(route_name, route)
            for record in case.records:
                answer = await send(app, client, route_name, case.fill(world, record))
                found = judge(asker, action, case, record, answer)
                label = record.label if record else "-"
                wrong += [f"{route_name} [{label}] {action}: {words}" for words in found]
    assert wrong == []
    assert logged(caplog.records, client.cookies.values()) == []


def logged(records: list[logging.LogRecord], sessions: Iterable[str]) -> list[str]:
    """Lines of a log, as they are before anything is taken out of them, that name a person or open a door."""
    secrets = [*sessions, SECRET, *(word for asn in PEOPLE for word in (asn.nip, asn.name))]
    lines = map(logging.Formatter().format, records)
    return [line for line in lines if any(secret in line for secret in secrets)]


def judge(asker: Asker, action: str, case: Tried, record: Record | None, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer: given to whom it must not be, kept from whom may have it, or telling names."""
    allowed = may(asker, action, record)
    said = f"{answer.status_code} {answer.text[:200] if 'json' in answer.headers.get('content-type', '') else ''}"
    found = []
    if allowed and (refused(answer) or answer.status_code not in DONE | {case.meets}):
        found.append(f"may, but got {said}")
    if not allowed and not refused(answer):
        found.append(f"may not, but got {said}")
    for asn in PEOPLE:
        shown = allowed and sees(asker, case.shows or action, asn)
        if asn is not ASKER and asn not in case.names and not shown and asn.name in answer.text:
            found.append(f"tells the name of {asn.key}")
        if asn.nip in answer.text and not (allowed and sees(asker, "nip.read", asn)):
            found.append(f"tells the NIP of {asn.key}")
    return found
