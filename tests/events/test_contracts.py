import json
from itertools import combinations

import pytest
from jsonschema import Draft202012Validator
from pydantic import create_model

from bina.events import PRODUCERS, REGISTRY, Event
from bina.events.compatibility import differences
from bina.events.documents import ASYNCAPI, asyncapi, schema_of, versions_of

CONTRACTS = sorted(REGISTRY.values(), key=lambda c: c.type)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_the_committed_schema_is_the_contracts(contract: type[Event]):
    assert versions_of(contract.type)[-1] == schema_of(contract), "run `make contracts`"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.type)
def test_every_version_reads_every_other(contract: type[Event]):
    for older, newer in combinations(versions_of(contract.type), 2):
        assert differences(older, newer) == []


def test_the_asyncapi_document_is_up_to_date():
    assert json.loads(ASYNCAPI.read_text(encoding="utf-8")) == asyncapi(), "run `make contracts`"


def test_schemas_are_schemas():
    for contract in CONTRACTS:
        Draft202012Validator.check_schema(schema_of(contract))


def test_contracts_say_when_they_happen_and_name_their_key():
    for contract in CONTRACTS:
        assert len((contract.__doc__ or "").split()) > 4, contract
        assert contract.key is not Event.key, contract
        assert contract.type.rpartition(".v")[2].isdigit(), contract


def test_wire_types_are_unique():
    told = [c.type for m in PRODUCERS for c in vars(m).values() if isinstance(c, type) and "type" in vars(c)]
    assert len(told) == len(set(told)) == len(REGISTRY)


OLD = create_model("Fact", name=(str, ...), level=(int, 0))


@pytest.mark.parametrize(
    "new",
    [
        create_model("Fact", level=(int, 0)),
        create_model("Fact", name=(str, ...), level=(int, 0), unit=(str, ...)),
        create_model("Fact", name=(int, ...), level=(int, 0)),
        create_model("Fact", name=(str, ...), level=(int, ...)),
        create_model("Fact", name=(str | None, None), level=(int, 0)),
    ],
    ids=["removed", "new and required", "another type", "now required", "now optional"],
)
def test_an_incompatible_change_is_seen(new):
    assert differences(OLD.model_json_schema(), new.model_json_schema())


def test_an_optional_field_may_be_added():
    new = create_model("Fact", name=(str, ...), level=(int, 0), unit=(str, ""))
    assert differences(OLD.model_json_schema(), new.model_json_schema()) == []
