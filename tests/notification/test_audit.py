"""What people choose is noted; whoever is named by the ledger is, too."""

from uuid import uuid4

import pytest

from bina.web.audit.searching import Sought, find
from named import addresses, shown_to

from .story import BUDI, DEWI, RAHMA
from .test_pages import hidden

NAMES = {BUDI: ("Budi Santoso", str(BUDI)), DEWI: ("Dewi Lestari", str(DEWI))}


async def test_a_choice_keeps_what_was_chosen_before(told, browse):
    client = browse(RAHMA, "asn", agency="5571")
    fields = hidden(await client.get("/notification/preferensi")) | {"language": "en", "email": ""}
    assert (await client.post("/notification/preferensi", data=fields)).status_code == 303
    async with told.sessions() as session:
        (entry,) = await find(session, Sought(kind="command"))
    (change,) = entry.changes
    assert (change["before"]["email"], change["after"]["email"]) == (True, False)
    assert (change["before"]["language"], change["after"]["language"]) == ("id", "en")
    assert "@" not in str(entry.values)


@pytest.mark.parametrize(
    "roles", [("asn",), ("operator", "bkd"), ("auditor",), ("platform",)], ids=lambda r: r[0]
)
async def test_nobody_else_is_named_without_being_noted(told, browse, served, roles):
    notices = await told.rows("SELECT notice_id FROM notices LIMIT 1")
    more = [f"/notification/api/v1/notices?recipient={person}" for person in NAMES]
    reader = RAHMA if roles == ("asn",) else uuid4()
    client = browse(reader, *roles, agency="5571")
    paths = addresses(client._transport.app, {"notice_id": str(notices[0].notice_id)}, more)
    # Budi asked Rahma for a word: whose message names somebody is who it was told to.
    named = {DEWI: NAMES[DEWI]} if reader == RAHMA else NAMES
    shown = await shown_to(client, told, paths, named, reader=reader)
    assert shown.escaped == []
    assert bool(shown.noted) is (roles != ("asn",))
