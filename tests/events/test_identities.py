import json
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto
from pydantic import BaseModel, TypeAdapter, ValidationError

from bina.events.enrollment import AttendanceMet
from bina.events.identity import Identity

TEXT = "0192f0c1-0000-7000-8000-00000000000a"
OURS, STANDARD = TypeAdapter(Identity), TypeAdapter(UUID)


class Many(BaseModel):
    first: Identity
    rest: tuple[Identity, ...] = ()
    none: Identity | None = None


@pytest.mark.parametrize(
    "written", [TEXT, TEXT.upper(), TEXT.replace("-", ""), f"{{{TEXT}}}", f"urn:uuid:{TEXT}"]
)
def test_every_form_of_a_uuid_becomes_the_drivers_own(written: str):
    found = OURS.validate_json(json.dumps(written))
    assert type(found) is pgproto.UUID
    assert found == UUID(TEXT)
    assert hash(found) == hash(UUID(TEXT))


@pytest.mark.parametrize(
    "written", ["", "x", f"{TEXT[:-1]}z", f"{TEXT}0", f"----{TEXT.replace('-', '')}", 7, None, [TEXT]]
)
def test_what_is_none_is_refused_in_the_usual_words(written: object):
    with pytest.raises(ValidationError) as ours:
        OURS.validate_json(json.dumps(written))
    with pytest.raises(ValidationError) as standard:
        STANDARD.validate_json(json.dumps(written))
    assert ours.value.errors(include_url=False) == standard.value.errors(include_url=False)


def test_they_are_written_as_they_were_read():
    text = json.dumps({"first": TEXT, "rest": [TEXT], "none": None}, separators=(",", ":"))
    assert Many.model_validate_json(text).model_dump_json() == text
    assert Many(first=UUID(TEXT), rest=(UUID(TEXT),)).model_dump_json() == text


def test_a_fact_is_the_same_whoever_made_its_identities():
    ids = {"enrollment_id": UUID(TEXT), "asn_id": UUID(TEXT), "run_id": UUID(TEXT)}
    fact = AttendanceMet(**ids, met_on="2026-11-23")
    read = AttendanceMet.model_validate_json(fact.model_dump_json())
    assert read == fact
    assert read.key == fact.key == TEXT
