"""Which port each part listens on: chosen once, kept in the state folder, used again while free."""

from dataclasses import dataclass, field
from typing import Self

from bina_local.ports import HOST, any_free, is_free
from bina_local.state import State

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
PARTS = ("gateway", "kafka", "postgres", "mailbox", "smtp", *SERVICES)
GATEWAY_PORT = 8080
NOTE = "ports"


@dataclass(frozen=True)
class Moved:
    """A port that was taken, and the one used instead."""

    part: str
    wanted: int
    chosen: int


@dataclass(frozen=True)
class Addresses:
    """Ports by part, and what had to move."""

    ports: dict[str, int]
    moved: list[Moved] = field(default_factory=list)

    @classmethod
    def choose(cls, state: State, gateway: int | None = None) -> Self:
        """Ports for a start: those of the last one where they are free, others where not."""
        known = cls.of(state).ports
        wanted = {part: known.get(part, 0) for part in PARTS}
        wanted["gateway"] = gateway or known.get("gateway", GATEWAY_PORT)
        ports: dict[str, int] = {}
        for part, port in wanted.items():
            ports[part] = _free(port, set(ports.values()))
        state.save(NOTE, ports)
        moved = [
            Moved(part, port, ports[part]) for part, port in wanted.items() if port not in (0, ports[part])
        ]
        return cls(ports, moved)

    @classmethod
    def of(cls, state: State) -> Self:
        """The ports of the last start; empty before the first."""
        return cls({part: int(port) for part, port in state.load(NOTE).items()})

    @property
    def url(self) -> str:
        """What a person types into the browser."""
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def kafka(self) -> str:
        """Bootstrap address of the broker."""
        return f"{HOST}:{self.ports['kafka']}"

    def service(self, name: str) -> str:
        """A service's own address, past the gateway."""
        return f"http://{HOST}:{self.ports[name]}"


def _free(wanted: int, taken: set[int]) -> int:
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while (port := any_free()) in taken:
        pass
    return port
