"""What every event is: a frozen fact of one aggregate, and the envelope that travels beside it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, ClassVar, NamedTuple, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Code = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Text = Annotated[str, Field(max_length=4000)]
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, description="0 to 100 points")]
Jp = Annotated[int, Field(ge=0, le=1000, description="jam pelajaran, 45 minutes each")]
Level = Annotated[int, Field(ge=0, le=5, description="competency level; 0 is below the first")]
NotifyAfter = Annotated[
    AwareDatetime | None,
    Field(
        description="business time before which no person is told of it, as it may still be undone; null: at once"
    ),
]


T = TypeVar("T")
_BESIDE = frozenset({"_envelope", "_cause", "_made"})


class Envelope(NamedTuple):
    """CloudEvents 1.0 attributes of one message (Kafka binary mode, headers `ce_*`).

    `id` is a UUIDv7 for our own events, any text for an agency's. `time` is business time, aware. `version` counts
    the facts of one (topic, key) from 1. `publisher` is the agency named by the topic, never by the message.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    version: int = 0
    traceparent: str = ""
    publisher: str = ""


class Part(BaseModel):
    """A group of values inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Part):
    """One past fact. Equality is equality of the facts told; the envelope is not part of it."""

    topic: ClassVar[str]
    type: ClassVar[str]
    state: ClassVar[bool] = False
    """Whether the topic is compacted: the newest version of a key replaces the older ones."""
    erases: ClassVar[bool] = False
    """Whether this fact travels as a null value (tombstone)."""
    replaced: ClassVar[bool] = False
    """Whether it says all of something about a person (`asn_id`), so that one of a record that was merged into another
    says nothing any more: its producer tells it of the other."""

    @property
    def key(self) -> str:
        """The aggregate's identity: facts of one key keep their order."""
        raise LookupError(f"{type(self).__name__} names no key")

    @property
    def destination(self) -> str:
        """The topic this fact is written to."""
        return self.topic

    # What travels beside the facts lies in the instance's __dict__, not in Pydantic's private attributes: those
    # cost each event a third of its making.
    @property
    def envelope(self) -> Envelope:
        """How this fact travelled; only facts that travelled have one."""
        found: Envelope | None = self.__dict__.get("_envelope")
        if found is None:
            raise LookupError(f"{type(self).__name__} has not travelled yet")
        return found

    @property
    def event_id(self) -> str:
        """The message's id, unique within its source."""
        return self.envelope.id

    @property
    def time(self) -> datetime:
        """Business time of the fact."""
        return self.envelope.time

    @property
    def cause(self) -> Envelope | None:
        """The envelope of the fact that led to this one, if told with `because`."""
        return self.__dict__.get("_cause")

    def because(self, cause: "Event | Envelope | None") -> Self:
        """Name the fact that led to this one; correlation and causation follow from it."""
        self.__dict__["_cause"] = cause.__dict__.get("_envelope") if isinstance(cause, Event) else cause
        return self

    def travelled(self, envelope: Envelope) -> Self:
        """Attach the envelope it came or goes with."""
        self.__dict__["_envelope"] = envelope
        return self

    def once(self, work: Callable[[Self], T]) -> T:
        """What a function makes of this fact, worked out when first asked for."""
        made: dict[object, T] = self.__dict__.setdefault("_made", {})
        if work not in made:
            made[work] = work(self)
        return made[work]

    def changed(self, values: Mapping[str, object]) -> Self:
        """The same with other values, as it travelled."""
        other = self.model_copy(update=dict(values))
        other.__dict__.pop("_made", None)
        return other

    def _told(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name not in _BESIDE}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and type(self) is type(other) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash((self.type, self.model_dump_json()))
