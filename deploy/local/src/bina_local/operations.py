"""What the services' operations endpoints say, asked side by side."""

import asyncio
from typing import Any

import httpx

from bina_local.addresses import SERVICES
from bina_local.context import Context
from bina_local.workers import asked


class RefusedError(RuntimeError):
    """A service answered with a problem; the message says what and how to mend it."""


async def statuses(context: Context) -> dict[str, dict[str, Any]]:
    """Each service's status over its workers; `{"error": …}` for one of which none answers."""
    answers = await asyncio.gather(*(_status(context, name) for name in SERVICES))
    return dict(zip(SERVICES, answers, strict=True))


async def _status(context: Context, service: str) -> dict[str, Any]:
    names = context.addresses.workers(service)
    answers = await asyncio.gather(*(_of_worker(context, service, name) for name in names))
    return over_workers(dict(zip(names, answers, strict=True)), asked(context.state)[service])


async def _of_worker(context: Context, service: str, worker: str) -> dict[str, Any]:
    try:
        return dict(await call(context, "GET", service, "ops/status", worker=worker))
    except (ValueError, RefusedError) as error:
        return {"service": service, "ready": False, "healthy": False, "error": str(error)}


def over_workers(found: dict[str, dict[str, Any]], wanted: int) -> dict[str, Any]:
    """One service's status of its workers': what the database says once, what a worker says of itself summed."""
    answered = [status for status in found.values() if "error" not in status]
    ready = sum(status["ready"] for status in answered)
    told = answered or list(found.values())
    merged = {
        **told[0],
        "ready": ready >= wanted,
        "healthy": all(status["healthy"] for status in found.values()),
        "problem": next((status["problem"] for status in answered if status["problem"]), ""),
        "relay_leading": any(status["relay_leading"] for status in answered),
        "paused": sorted({topic for status in answered for topic in status["paused"]}),
        "workers": {"asked": wanted, "ready": ready, "each": {n: _own(s) for n, s in found.items()}},
    }
    if answered:
        merged |= {"lag": _summed(answered, "lag"), "messages": _summed(answered, "messages")}
        merged["memory_bytes"] = sum(status["memory_bytes"] for status in answered)
        merged["group_lag"] = next((s["group_lag"] for s in answered if s["group_lag"]), {})
    return merged


def _own(status: dict[str, Any]) -> dict[str, Any]:
    names = ("ready", "healthy", "problem", "error", "lag", "relay_leading", "memory_bytes", "business_time")
    return {name: status[name] for name in names if name in status}


def _summed(answers: list[dict[str, Any]], name: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for part, count in (item for answer in answers for item in answer[name].items()):
        total[part] = total.get(part, 0) + count
    return total


async def call(
    context: Context,
    method: str,
    service: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    command_key: str | None = None,
    worker: str | None = None,
) -> Any:
    """One request to a service's API as a platform operator; to one of its workers if named.

    Raises RefusedError for a problem answer, and when the service does not answer at all.
    """
    headers = {"Idempotency-Key": command_key} if command_key else {}
    try:
        async with context.client(service, worker=worker) as client:
            response = await client.request(method, f"/{service}/api/v1/{path}", json=body, headers=headers)
    except httpx.TransportError as error:
        raise RefusedError(f"{service} tidak menjawab") from error
    if response.is_error:
        raise RefusedError(problem_of(service, response))
    return response.json() if response.content else None


def items(answer: Any) -> list[dict[str, Any]]:
    """The list in an answer, bare or paged."""
    return list(answer["items"] if isinstance(answer, dict) else answer)


def problem_of(service: str, response: httpx.Response) -> str:
    """What a problem answer says, as one line for the screen."""
    try:
        body = response.json()
    except ValueError:
        return f"{service} menjawab {response.status_code}"
    words = [body.get("title", ""), body.get("detail", ""), body.get("mend", "")]
    words += [f"{fault['where']}: {fault['what']}" for fault in body.get("errors", [])]
    return f"{service}: " + " ".join(str(word) for word in words if word)
