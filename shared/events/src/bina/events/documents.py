"""The contracts as documents for others: JSON Schemas, every version kept, and one AsyncAPI 3 document.

`make contracts` writes them; tests refuse drift and incompatible change.
"""

import json
import sys
from pathlib import Path
from typing import Any

from . import REGISTRY
from .contract import Event

FOLDER = Path(__file__).parents[3]
SCHEMAS = FOLDER / "schemas"
ASYNCAPI = FOLDER / "asyncapi.json"

HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "UUIDv7 of our own events; any text of an agency's"},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time", "description": "business time"},
        "ce_subject": {"type": "string"},
        "ce_correlationid": {"type": "string"},
        "ce_causationid": {"type": "string"},
        "ce_aggregateversion": {"type": "string", "description": "counts the facts of one key from 1"},
        "traceparent": {"type": "string"},
        "content-type": {"type": "string", "const": "application/json"},
    },
}


def schema_of(contract: type[Event]) -> dict[str, Any]:
    """JSON Schema of a contract's value as it is written."""
    return contract.model_json_schema(mode="serialization")


def versions_of(kind: str) -> list[dict[str, Any]]:
    """Every committed schema of a wire type, oldest first."""
    files = sorted((SCHEMAS / kind).glob("*.json"), key=lambda file: int(file.stem))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document of all topics."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bina",
            "version": "1.0.0",
            "description": "Facts of the development of Indonesia's civil servants. CloudEvents 1.0, Kafka binary mode.",
        },
        "defaultContentType": "application/json",
        "channels": {_channel(topic): _channel_of(topic) for topic in _topics()},
        "operations": {f"receive.{_channel(t)}": _operation(t) for t in _topics()},
        "components": {
            "messages": {kind: _message(contract) for kind, contract in sorted(REGISTRY.items())},
            "schemas": {"headers": HEADERS, **{kind: _inlined(c) for kind, c in sorted(REGISTRY.items())}},
        },
    }


def _topics() -> list[str]:
    return sorted({contract.topic for contract in REGISTRY.values()})


def _channel(topic: str) -> str:
    return topic.replace(".", "-")


def _channel_of(topic: str) -> dict[str, Any]:
    kinds = sorted(kind for kind, contract in REGISTRY.items() if contract.topic == topic)
    messages = {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds}
    if topic == "audit":
        parameters = {"service": {"description": "whose audit it is; one topic per service"}}
        return {"address": f"{{service}}.{topic}", "parameters": parameters, "messages": messages}
    if not topic.startswith("agency."):
        return {"address": topic, "messages": messages}
    parameters = {"agency": {"description": "agency code, e.g. 5571; one pair of topics per agency"}}
    return {"address": f"{topic}.{{agency}}", "parameters": parameters, "messages": messages}


def _operation(topic: str) -> dict[str, Any]:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{_channel(topic)}"}}


def _message(contract: type[Event]) -> dict[str, Any]:
    return {
        "name": contract.type,
        "title": contract.__name__,
        "summary": (contract.__doc__ or "").strip(),
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"type": "null"} if contract.erases else {"$ref": f"#/components/schemas/{contract.type}"},
    }


def _inlined(contract: type[Event]) -> dict[str, Any]:
    """A schema whose parts stand where they are used, since `$defs` paths differ inside a document."""
    schema = schema_of(contract)
    parts = schema.pop("$defs", {})
    inlined: dict[str, Any] = _inline(schema, parts)
    return inlined


def _inline(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if reference := node.get("$ref"):
        return _inline(parts[reference.rsplit("/", 1)[1]], parts)
    return {name: _inline(value, parts) for name, value in node.items()}


def write() -> list[Path]:
    """Write what changed; a changed schema becomes a further version beside the old ones."""
    written = []
    for kind, contract in REGISTRY.items():
        known = versions_of(kind)
        if not known or known[-1] != schema_of(contract):
            written.append(_write(SCHEMAS / kind / f"{len(known) + 1}.json", schema_of(contract)))
    written.append(_write(ASYNCAPI, asyncapi()))
    return written


def _write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    for path in write():
        sys.stdout.write(f"{path.relative_to(FOLDER)}\n")
