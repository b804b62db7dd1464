"""Which port each part listens on: chosen once, kept in the state folder, used again while free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from bina_local.ports import HOST, any_free, is_free
from bina_local.state import State

SERVICES = ("enrollment", "assessment", "evaluation", "notification")
PARTS = ("gateway", "kafka", "postgres", "mailbox", "smtp", "identity", *SERVICES)
GATEWAY_PORT = 8080
NOTE = "ports"
SPARE = "spare"
"""A port of each service where a worker's successor begins while the worker still serves."""
MOST_WORKERS = 8


def worker_name(service: str, number: int | str) -> str:
    """What a worker is called, as a process and as who listens on a port: the first like its service."""
    return f"{service}-{number}" if number else service


def parts(workers: Mapping[str, int]) -> list[str]:
    """Everything that listens, with as many workers of each service."""
    names = [worker_name(s, n) for s in SERVICES for n in (*range(1, workers.get(s, 1)), SPARE)]
    return [*PARTS, *names]


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
    renewing: set[str] = field(default_factory=set)
    """Services of which a worker and its successor change places now."""

    @classmethod
    def choose(
        cls, state: State, gateway: int | None = None, workers: Mapping[str, int] | None = None
    ) -> Self:
        """Ports for a start: those of the last one where they are free, others where not."""
        known = cls.of(state).ports
        wanted = {part: known.get(part, 0) for part in parts(workers or {})}
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
        """A worker's own address, past the gateway; a service's name is its first worker's."""
        return f"http://{HOST}:{self.ports[name]}"

    def workers(self, service: str) -> list[str]:
        """A service's workers by name, the first one first."""
        names = [worker_name(service, number) for number in range(MOST_WORKERS)]
        return [name for name in names if name in self.ports]

    def upstreams(self, service: str) -> list[int]:
        """Every port that a worker of the service listens on; the spare one only while workers change places.

        At other times whoever binds it would be sent people's requests.
        """
        spare = [worker_name(service, SPARE)] if service in self.renewing else []
        return sorted(self.ports[name] for name in (*self.workers(service), *spare))

    def swap(self, state: State, one: str, other: str) -> None:
        """Two listeners change places."""
        self.ports[one], self.ports[other] = self.ports[other], self.ports[one]
        state.save(NOTE, self.ports)

    def open(self, state: State, name: str) -> None:
        """Choose a port for one more listener."""
        self.ports[name] = _free(0, set(self.ports.values()))
        state.save(NOTE, self.ports)

    def close(self, state: State, name: str) -> None:
        """A listener is gone for good."""
        del self.ports[name]
        state.save(NOTE, self.ports)


def _free(wanted: int, taken: set[int]) -> int:
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while (port := any_free()) in taken:
        pass
    return port
