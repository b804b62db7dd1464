"""Records that nobody can read among our own facts: their keys must stand still until an operator sees to them."""

from functools import partial
from uuid import uuid4

import httpx

from bina_local.addresses import SERVICES
from bina_local.databases import DatabaseServer
from bina_local.publication import RawRecord
from chaos.findings import LOST, ORDER, WRONG, Found
from chaos.observing import Observed, Record, Row
from chaos.stage import again
from chaos.travelled import ACCEPTED, ENROLMENTS, first_copies, subscribed
from journeys.running import Bina

REASON = "Bukan fakta: tidak terbaca."
HELD = """SELECT id, state, topic, key, event_id FROM messaging.held
    WHERE topic NOT LIKE 'agency.%' AND state <> 'discarded'"""


def unreadable(key: str, event_id: str) -> RawRecord:
    """What claims to be a seat that was given, and is cut off. It has no version: as a fact of a service's other life
    it would raise those of its key, and that is another story."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "urn:bina:enrollment",
        "ce_type": ACCEPTED,
    }
    known = [*headers.items(), ("ce_time", "2026-02-02T09:00:00+07:00")]
    return RawRecord(
        ENROLMENTS, key.encode(), [(name, text.encode()) for name, text in known], b'{"enrollment_id": '
    )


async def look(postgres: DatabaseServer) -> dict[str, list[Row]]:
    """What each service holds of our own topics."""
    return {name: await again(partial(_held, postgres, name)) for name in SERVICES}


async def _held(postgres: DatabaseServer, name: str) -> list[Row]:
    connection = await postgres.connect(name)
    try:
        return [dict(row) for row in await connection.fetch(HELD)]
    finally:
        await connection.close()


async def discard(bina: Bina, held: dict[str, list[Row]]) -> None:
    """As an operator who sees that there is nothing to save."""
    platform = bina.platform
    for name, rows in held.items():
        for row in rows:
            if row["state"] == "parked":
                await _discard(platform.http, f"/{name}/api/v1/ops/parked/{row['id']}/discard")


async def _discard(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.post(path, json={"reason": REASON}, headers={"Idempotency-Key": str(uuid4())})
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"


def keys_stand_still_behind_what_is_unreadable(observed: Observed) -> Found:
    """Each reader parked the record itself, and took nothing of its key that came after it."""
    later = _later(observed)
    for service, rows in observed.held.items():
        wanted = subscribed(service)
        if ACCEPTED not in wanted:
            continue
        state = {row["event_id"]: row["state"] for row in rows}
        for id_, followers in later.items():
            if state.pop(id_, None) != "parked":
                yield LOST, f"{service} did not park the unreadable {id_}"
            for record in followers:
                if record.type in wanted and state.pop(record.id, None) != "behind":
                    yield ORDER, f"{service} took {record.type} {record.id}, which lies behind {id_}"
        for id_ in state:
            yield WRONG, f"{service} held {id_} without need"


def _later(observed: Observed) -> dict[str, list[Record]]:
    """By id of what was slipped in: the facts of its key whose first copy lies after it."""
    stopped: dict[str, str] = {}
    later: dict[str, list[Record]] = {}
    first = {id(record) for record in first_copies(observed.records)}
    for record in (r for r in observed.records if r.topic == ENROLMENTS):
        if record.id in observed.slipped_in:
            stopped.setdefault(record.key, record.id)
            later.setdefault(stopped[record.key], [])
        elif record.key in stopped and id(record) in first:
            later[stopped[record.key]].append(record)
    return later


CHECKS = (keys_stand_still_behind_what_is_unreadable,)
