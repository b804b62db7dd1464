"""The services' API documents hold what OpenAPI's own validator asks for."""

import importlib

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bina.messaging import Settings


@pytest.mark.parametrize("name", ["enrollment", "assessment", "evaluation", "notification"])
async def test_the_document_is_valid(name: str):
    settings = Settings(
        database_url="postgresql+asyncpg://nobody:x@127.0.0.1:1/none", kafka="127.0.0.1:1", secret="x" * 32
    )
    document = importlib.import_module(f"{name}.app").create(settings).openapi()
    assert document["openapi"].startswith("3.1")
    assert [path for path in document["paths"] if not path.startswith(f"/{name}/api/v1/")] == []
    assert len(document["paths"]) > 3
    OpenAPIV31SpecValidator(document).validate()
