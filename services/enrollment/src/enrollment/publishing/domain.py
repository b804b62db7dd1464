"""CloudEvents over HTTP and the records that a topic would have brought, and what each is answered."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from bina.events import Event
from bina.events.agency import INBOUND, Problem, RequestAnswered, ResultAnswered
from bina.messaging.intake import Brought
from bina.messaging.records import Headers, Message
from enrollment.enrolments.domain import unreadable

Answered = RequestAnswered | ResultAnswered
ATTRIBUTES = ("specversion", "id", "source", "type", "time", "subject", "correlationid", "causationid")
"""Context attributes of CloudEvents 1.0 that are taken over; any others are ignored, as in Kafka."""
HELD = Problem(
    code="message.held",
    advice="Kiriman lebih awal untuk NIP ini masih tertahan; kirim lagi setelah operator platform membereskannya.",
)
REPEATED = Problem(
    code="message.repeated",
    severity="warning",
    advice="Sudah pernah diterima, jadi tidak diterapkan lagi; jawabannya sudah dikirim waktu itu.",
)
IGNORED = Problem(
    code="message.type", advice="Jenis ini tidak dikenal; pakai salah satu yang ada di dokumen AsyncAPI."
)


def message_of(agency: str, place: int, sent: Mapping[str, Any]) -> Message:
    """The record that a CloudEvent (JSON format) would be on its agency's topic; `place`: from 0, in its batch."""
    data = sent.get("data")
    key = data.get("nip") if isinstance(data, Mapping) else None
    return Message(
        topic=f"{INBOUND}.{agency}",
        partition=0,
        offset=place,
        record_key=str(key or "").encode(),
        headers=_headers(sent),
        value=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def _headers(sent: Mapping[str, Any]) -> Headers:
    given = [(f"ce_{name}", str(sent[name]).encode()) for name in ATTRIBUTES if sent.get(name) is not None]
    return tuple(given)


def answers_of(agency: str, sent: Iterable[Message], brought: Brought) -> list[dict[str, Any]]:
    """What became of each, in their order; the last answer of a request counts, whose waiting a later one may end."""
    refused = {b.message.offset: unreadable(b.code, b.error) for b in brought.broken}
    refused |= {i.message.offset: IGNORED for i in brought.ignored}
    refused |= {a.message.offset: HELD for a in brought.stopped}
    refused |= {a.message.offset: REPEATED for a in brought.repeated}
    told = {event.request_id: event for event in brought.told if _is_answer(event, agency)}
    return [_answer(one, refused.get(one.offset), told.get(one.header("ce_id"))) for one in sent]


def _is_answer(event: Event, agency: str) -> TypeGuard[Answered]:
    return isinstance(event, (RequestAnswered, ResultAnswered)) and event.agency_code == agency


def _answer(sent: Message, problem: Problem | None, told: Answered | None) -> dict[str, Any]:
    answer = {"id": sent.header("ce_id"), "outcome": "refused", "problems": [problem]}
    if problem is None and told is not None:
        answer |= told.model_dump(include={"outcome", "position", "enrollment_id", "problems"})
    elif problem is REPEATED:
        answer["outcome"] = "repeated"
    return answer
