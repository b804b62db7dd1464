"""From records to what can be done with them; no database is asked, so it is done ahead."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .handlers import Reactions
from .records import Arrived, Broken, Ignored, Message, decode

Reached = dict[tuple[str, int], tuple[int, int]]
"""Per topic and partition: the offset after the last record, and that record's timestamp in ms."""


@dataclass
class Read:
    """Messages sorted by what can be done with them; each list keeps their order."""

    arrived: list[Arrived] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    reached: Reached = field(default_factory=dict)
    """What is applied once all of this is; empty for messages that come from elsewhere than a log."""

    def __len__(self) -> int:
        return len(self.arrived) + len(self.broken) + len(self.ignored)

    def extend(self, more: "Read") -> None:
        """Append what was read after this."""
        self.arrived += more.arrived
        self.broken += more.broken
        self.ignored += more.ignored

    def without(self, topic: str) -> "Read":
        """The same but for one topic's messages."""
        return Read(
            [a for a in self.arrived if a.message.topic != topic],
            [b for b in self.broken if b.message.topic != topic],
            [i for i in self.ignored if i.message.topic != topic],
            {partition: end for partition, end in self.reached.items() if partition[0] != topic},
        )


def read(messages: Iterable[Message], reactions: Reactions) -> Read:
    """Read messages, in their order, and do ahead what their handlers ask for. Never raises."""
    sorted_out = Read()
    for message in messages:
        match decode(message, reactions.wanted):
            case Arrived() as found:
                reactions.prepare(found.event)
                sorted_out.arrived.append(found)
            case Broken() as found:
                sorted_out.broken.append(found)
            case Ignored() as found:
                sorted_out.ignored.append(found)
    return sorted_out
