"""The services' API documents hold what OpenAPI's own validator asks for, and no body takes a NUL character."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from architecture.applications import SERVICES, application_of

WITH_NUL = ["\0", "a\0", "\0a", "\0" * 18, "1" * 17 + "\0", "1" * 18 + "\0"]


def document_of(name: str) -> dict[str, Any]:
    return application_of(name).openapi()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_document_is_valid(name: str):
    document = document_of(name)
    assert document["openapi"].startswith("3.1")
    assert [path for path in document["paths"] if not path.startswith(f"/{name}/api/v1/")] == []
    assert len(document["paths"]) > 3
    OpenAPIV31SpecValidator(document).validate()


def takes_nul(text: dict[str, Any]) -> bool:
    if text.get("format") in {"uuid", "date", "date-time"} or "enum" in text or "const" in text:
        return False
    pattern = re.compile(text.get("pattern", ""))
    return any(pattern.search(word) for word in WITH_NUL)


def open_texts(schema: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
    """Where a schema takes a text with a NUL character."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        yield from open_texts(document["components"]["schemas"][name], document, name)
    if schema.get("type") == "string" and takes_nul(schema):
        yield at
    choices = [inner for part in ("anyOf", "oneOf", "allOf") for inner in schema.get(part, [])]
    if {"number", "string"} == {inner.get("type") for inner in choices} - {"null"}:
        choices = []  # a decimal, which may be sent as a text of digits
    for inner in choices:
        yield from open_texts(inner, document, at)
    for name, inner in schema.get("properties", {}).items():
        yield from open_texts(inner, document, f"{at}.{name}")
    if "items" in schema:
        yield from open_texts(schema["items"], document, f"{at}[]")
    if schema.get("additionalProperties"):
        names = {"type": "string"} | schema.get("propertyNames", {})
        yield from open_texts(names, document, f"{at} names")
        yield from open_texts(schema["additionalProperties"], document, f"{at}{{}}")


@pytest.mark.parametrize("name", SERVICES)
def test_no_body_takes_a_nul_character(name: str):
    document = document_of(name)
    bodies = [
        taken["schema"]
        for path in document["paths"].values()
        for operation in path.values()
        for taken in operation.get("requestBody", {"content": {}})["content"].values()
    ]
    assert bodies
    assert [where for body in bodies for where in open_texts(body, document, "body")] == []
