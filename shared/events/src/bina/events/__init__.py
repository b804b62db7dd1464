"""Contracts of every event: one class each, one module per producer.

`REGISTRY` maps a wire type to its class; a type is permanent, a breaking change is a new class with `.v2`.
"""

from . import agency, assessment, enrollment, evaluation, notification, platform
from .contract import Envelope, Event, Part

PRODUCERS = (agency, enrollment, assessment, evaluation, notification, platform)

REGISTRY: dict[str, type[Event]] = {
    cls.type: cls
    for module in PRODUCERS
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Event) and "type" in vars(cls)
}

TOMBSTONES: dict[str, type[Event]] = {cls.topic: cls for cls in REGISTRY.values() if cls.erases}

__all__ = ["PRODUCERS", "REGISTRY", "TOMBSTONES", "Envelope", "Event", "Part"]
