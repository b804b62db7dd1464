"""Counting what agencies are answered, once for each message, whichever way it came."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from bina.events.agency import Problem, RequestAnswered, ResultAnswered
from bina.messaging.records import Message
from bina.web import audit
from enrollment.integration.domain import Answer, answer_of, code_of, first_error
from enrollment.integration.store import count

if TYPE_CHECKING:
    from enrollment.imports.store import Import, ImportRow, Marked


async def count_told(session: AsyncSession, answers: Iterable[RequestAnswered | ResultAnswered]) -> None:
    """Count what came by a topic. What comes with a command is counted with its answers, which know more of it."""
    if audit.open_in(session) is None:
        await count(session, "topic", [answer_of(one) for one in answers])


async def count_batch(
    session: AsyncSession, agency: str, sent: Sequence[Message], answers: Sequence[Mapping[str, Any]]
) -> None:
    """Count the answers to a batch over HTTP; what was taken before is not counted again."""
    found = [
        Answer(
            agency,
            one["outcome"],
            first_error(Problem.model_validate(p) for p in one["problems"])
            if one["outcome"] == "refused"
            else "",
            message.header("ce_id"),
        )
        for message, one in zip(sent, answers, strict=True)
        if one["outcome"] != "repeated"
    ]
    await count(session, "http", found)


async def count_rows(
    session: AsyncSession, one: "Import", rows: Sequence["ImportRow"], marks: Iterable["Marked"]
) -> None:
    """Count rows of a confirmed file as they are worked off; that some are taken back later is on the import's page."""
    states = {row.row: (row.after or {}).get("state") for row in rows}
    found = [
        Answer(
            one.agency_code,
            "refused" if mark.outcome == "moved" else "waitlisted" if states.get(mark.row) == "waitlisted" else "accepted",
            code_of(mark.reason or "") if mark.outcome == "moved" else "",
            f"{one.import_id}/{mark.row}",
        )
        for mark in marks
        if mark.outcome in ("applied", "moved")
    ]  # fmt: skip
    await count(session, "file", found)
