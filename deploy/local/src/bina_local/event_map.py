"""The picture of services and events in README, drawn from the code itself.

`python -m bina_local.event_map` writes it between its markers; a test holds it true.
"""

import importlib
from collections import defaultdict

from bina.events import REGISTRY, Event
from bina_local.addresses import SERVICES
from bina_local.state import project_root

BEGIN, END = "<!-- event map: begin -->", "<!-- event map: end -->"


def edges() -> dict[tuple[str, str], list[str]]:
    """(producer, consumer) → names of the events that go that way; agencies are one partner."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in SERVICES:
        service = importlib.import_module(f"{name}.app").service
        for contract in service.reactions(demo=False).wanted.values():
            found[producer(contract), name].append(contract.__name__)
    answers = [c.__name__ for c in REGISTRY.values() if c.topic == "agency.outcomes"]
    found["enrollment", "agency"] = answers
    return {pair: sorted(names) for pair, names in sorted(found.items())}


def producer(contract: type[Event]) -> str:
    """Who tells facts of this kind: the first word of the topic."""
    return contract.topic.split(".", maxsplit=1)[0]


def picture() -> str:
    """A Mermaid flowchart."""
    lines = ["```mermaid", "flowchart LR", "    agency([instansi])"]
    lines += [f"    {name}[{name}]" for name in SERVICES]
    lines += [f'    {one} -- "{"<br>".join(names)}" --> {other}' for (one, other), names in edges().items()]
    return "\n".join([*lines, "```"])


def drawn_into(readme: str) -> str:
    """README with today's picture between the markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{picture()}\n{END}{after}"


if __name__ == "__main__":
    path = project_root() / "README.md"
    path.write_text(drawn_into(path.read_text(encoding="utf-8")), encoding="utf-8")
