"""Whether two schemas of one wire type can read each other's values, both ways (FULL compatibility).

Only optional fields may be added; a value set may neither grow nor shrink; limits may not move. Anything else
is a new type with `.v2`.
"""

from typing import Any

MEANINGLESS = {"title", "description", "default", "examples"}


def differences(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What breaks between two schemas, as sentences; empty if both read each other's values."""
    return _compare("", _resolved(older, older), _resolved(newer, newer))


def _compare(where: str, older: Any, newer: Any) -> list[str]:
    if not (isinstance(older, dict) and isinstance(newer, dict)):
        return [] if older == newer else [f"{where or 'value'}: {older!r} became {newer!r}"]
    if "properties" in older and "properties" in newer:
        return _objects(where, older, newer)
    found = []
    for name in sorted((older.keys() | newer.keys()) - MEANINGLESS):
        if name not in older or name not in newer:
            found.append(f"{where or 'value'}: {name} was {'added' if name in newer else 'removed'}")
        elif isinstance(older[name], list) and len(older[name]) == len(newer[name]):
            pairs = zip(older[name], newer[name], strict=True)
            found += [line for one, other in pairs for line in _compare(f"{where}.{name}", one, other)]
        else:
            found += _compare(f"{where}.{name}", older[name], newer[name])
    return found


def _objects(where: str, older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    before, after = older["properties"], newer["properties"]
    required = set(older.get("required", ())), set(newer.get("required", ()))
    found = [f"{where}.{name}: was removed" for name in sorted(before.keys() - after.keys())]
    found += [f"{where}.{name}: is new and required" for name in sorted(required[1] - before.keys())]
    found += [
        f"{where}.{name}: changed between optional and required"
        for name in sorted((required[0] ^ required[1]) & before.keys())
    ]
    for name in sorted(before.keys() & after.keys()):
        found += _compare(f"{where}.{name}", before[name], after[name])
    return found


def _resolved(node: Any, root: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if reference := node.get("$ref"):
        return _resolved(root["$defs"][reference.rsplit("/", 1)[1]], root)
    return {name: _resolved(value, root) for name, value in node.items() if name != "$defs"}
