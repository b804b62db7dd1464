"""Who may do what on the broker, as `deploy/topics.yaml` says; what is not here is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bina_local import topics
from bina_local.addresses import SERVICES
from bina_local.principals import of_agency
from bina_local.topics import AGENCY, Topic


@dataclass(frozen=True)
class Right:
    """One thing that one principal may do with a topic or a consumer group.

    `prefixed`: with every one whose name begins so.
    """

    principal: str
    operation: Literal["READ", "WRITE"]
    resource: Literal["TOPIC", "GROUP"]
    name: str
    prefixed: bool = False


def of_services(path: Path | None = None) -> set[Right]:
    """Each service: its own topics and those it reacts to, agencies' by prefix, and the group of its name."""
    fixed = {right for topic in topics.listed(path) for right in _on(topic, SERVICES)}
    agencies = {
        right for topic in topics.of_every_agency(path) for right in _on(topic, SERVICES, prefixed=True)
    }
    return fixed | agencies | {Right(name, "READ", "GROUP", name) for name in SERVICES}


def of_the_agency(code: str, path: Path | None = None) -> set[Right]:
    """One agency: what it writes, what it is answered, and groups whose names begin like its own."""
    principal = of_agency(code)
    own = {right for topic in topics.of_agency(code, path) for right in _on(topic, [AGENCY])}
    named = {Right(principal, right.operation, right.resource, right.name) for right in own}
    return named | {Right(principal, "READ", "GROUP", f"{principal}.", prefixed=True)}


def _on(topic: Topic, whom: Iterable[str], *, prefixed: bool = False) -> set[Right]:
    """What these may do with a topic. A service reads what it wrote too: its relay compares, its replay begins anew."""
    writers = {topic.writer} & set(whom)
    readers = {*topic.readers, *(writers - {AGENCY})} & set(whom)
    written = {Right(name, "WRITE", "TOPIC", topic.name, prefixed) for name in writers}
    return written | {Right(name, "READ", "TOPIC", topic.name, prefixed) for name in readers}
