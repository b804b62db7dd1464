"""Lists of the machine interface: a page of items and the cursor of the next."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PageQuery(BaseModel):
    """Where a page begins (`next` of the page before) and how many items it has."""

    model_config = ConfigDict(extra="forbid")

    cursor: UUID | None = None
    limit: int = Field(default=200, ge=1, le=1000)


def page(items: Sequence[dict[str, Any]], limit: int, key: str = "id") -> dict[str, Any]:
    """`{"items": […], "next": cursor | null}`; a full page may have another after it."""
    return {"items": items, "next": items[-1][key] if len(items) == limit else None}
