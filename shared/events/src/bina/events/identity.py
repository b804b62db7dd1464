"""Identities off the wire, of the database driver's own type: it compares, writes and names them in C."""

from collections.abc import Callable
from typing import Annotated, Any, cast
from uuid import UUID

from asyncpg.pgproto import pgproto
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

LENGTH = 36
"""Characters of a UUID's usual form."""


class _Drivers:
    """How Pydantic reads and writes them; what is not of the usual form it takes or refuses by its own rules."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        standard = handler(source)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_wrap_validator_function(_read, standard),
            python_schema=standard,
            serialization=core_schema.to_string_ser_schema(when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        return handler(core_schema.uuid_schema())


def _read(value: Any, standard: Callable[[Any], UUID]) -> UUID:
    if type(value) is str and len(value) == LENGTH and value[8] == value[13] == value[18] == value[23] == "-":
        try:
            return cast("UUID", pgproto.UUID(value))
        except ValueError:
            pass  # said by Pydantic, as of any other
    return cast("UUID", pgproto.UUID(standard(value).bytes))


Identity = Annotated[UUID, _Drivers]
"""A UUID in a contract."""
