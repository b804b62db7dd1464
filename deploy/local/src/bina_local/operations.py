"""What the services' operations endpoints say, asked side by side."""

import asyncio
from typing import Any

import httpx

from bina_local.addresses import SERVICES
from bina_local.context import Context


class RefusedError(RuntimeError):
    """A service answered with a problem; the message says what and how to mend it."""


async def statuses(context: Context) -> dict[str, dict[str, Any]]:
    """Each service's status; `{"error": …}` for one that does not answer."""
    answers = await asyncio.gather(*(_status(context, name) for name in SERVICES))
    return dict(zip(SERVICES, answers, strict=True))


async def _status(context: Context, service: str) -> dict[str, Any]:
    try:
        return dict(await call(context, "GET", service, "ops/status"))
    except (ValueError, RefusedError) as error:
        return {"service": service, "ready": False, "healthy": False, "error": str(error)}


async def call(
    context: Context,
    method: str,
    service: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    command_key: str | None = None,
) -> Any:
    """One request to a service's API as a platform operator.

    Raises RefusedError for a problem answer, and when the service does not answer at all.
    """
    headers = {"Idempotency-Key": command_key} if command_key else {}
    try:
        async with context.client(service) as client:
            response = await client.request(method, f"/{service}/api/v1/{path}", json=body, headers=headers)
    except httpx.TransportError as error:
        raise RefusedError(f"{service} tidak menjawab") from error
    if response.is_error:
        raise RefusedError(_problem(service, response))
    return response.json() if response.content else None


def items(answer: Any) -> list[dict[str, Any]]:
    """The list in an answer, bare or paged."""
    return list(answer["items"] if isinstance(answer, dict) else answer)


def _problem(service: str, response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return f"{service} menjawab {response.status_code}"
    words = [body.get("title", ""), body.get("detail", ""), body.get("mend", "")]
    words += [f"{fault['where']}: {fault['what']}" for fault in body.get("errors", [])]
    return f"{service}: " + " ".join(str(word) for word in words if word)
