"""Agencies' files through the machine interface, as the platform's operator."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import httpx

from bina_local.context import Context
from bina_local.operations import RefusedError, call, items, problem_of

SECONDS = 180.0
"""A file of 100,000 rows is checked in less."""
POLL = 0.5
COUNTS = ("rows_total", "accepted", "warned", "refused")
_DONE = {"applied", "undone", "checked", "columns"}


async def check(
    context: Context, file: Path, kind: str, agency: str, *, replace: bool = False
) -> dict[str, Any]:
    """Upload a file, which may `replace` all that is recorded of the agency's people, and give the outcome that its check had, with every problem; `id` and `plan` where it was kept."""
    content = await asyncio.to_thread(file.read_bytes)
    query = {"kind": kind, "agency": agency, "name": file.name} | ({"replace": "true"} if replace else {})
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/octet-stream"}
    try:
        async with context.client("enrollment") as client:
            answer = await client.post(
                "/enrollment/api/v1/imports", params=query, content=content, headers=headers, timeout=SECONDS
            )
    except httpx.TransportError as error:
        raise RefusedError("enrollment tidak menjawab") from error
    told = answer.json() if answer.content else {}
    if answer.status_code == 422 and told.get("type", "").endswith(":file-refused"):
        return {"uploader_agency": agency, **told["outcome"]}
    if answer.is_error:
        raise RefusedError(problem_of("enrollment", answer))
    problems = [*told["problems"], *await _problems(context, told["id"])]
    named = {name: told[name] for name in ("id", "plan", "state", "added", "changed", "unchanged")}
    named |= {name: told[name] for name in ("removed", "employed", "unread")} if replace else {}
    named |= {"sandbox": True} if told["sandbox"] else {}
    counts = {name: told[name] for name in COUNTS}
    return {
        "kind": kind,
        "uploader_agency": agency,
        "detected": told["detected"],
        **counts,
        "problems": problems,
        **named,
    }


async def apply(context: Context, import_id: str, removals: int | None = None) -> dict[str, Any]:
    """Apply the plan of an import as it stands, by which so many leave, and wait until it is worked off."""
    plan = (await call(context, "GET", "enrollment", f"imports/{import_id}"))["plan"]
    return await _worked_off(
        context, import_id, "apply", {"plan": plan} | ({} if removals is None else {"removals": removals})
    )


async def undo(context: Context, import_id: str) -> dict[str, Any]:
    """Take an import back, and wait until that is worked off."""
    return await _worked_off(context, import_id, "undo", {})


async def _worked_off(context: Context, import_id: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    path, key = f"imports/{import_id}", str(uuid.uuid4())
    one = dict(await call(context, "POST", "enrollment", f"{path}/{what}", body, command_key=key))
    while one["state"] not in _DONE:
        await asyncio.sleep(POLL)
        one = dict(await call(context, "GET", "enrollment", path))
    return one


async def _problems(context: Context, import_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = 0
    while cursor is not None:
        answer = await call(
            context, "GET", "enrollment", f"imports/{import_id}/rows?limit=1000&cursor={cursor}"
        )
        found += [problem for row in items(answer) for problem in row["problems"]]
        cursor = answer["next"]
    return found
