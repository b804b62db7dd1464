"""Whether a consumer is stuck: messages ahead of a position that does not move, and no known rest."""

from collections.abc import Callable, Mapping

from aiokafka import TopicPartition

BEHIND_OTHERS = 10
"""How many times longer a partition may stand still while others move: a backlog is worked off partition by
partition, each as far as it was fetched."""


class Progress:
    """One consumer's partitions, looked at every few seconds; `seconds` without any progress is too long."""

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        self._last = now

    def stuck(
        self,
        positions: Mapping[TopicPartition, tuple[int, int]],
        may_rest: Callable[[str], bool],
        now: float,
    ) -> str:
        """What stands still for too long, in words; empty while all is well. `positions`: applied, end of the log."""
        if positions:  # none: the broker did not answer, or the group is being divided anew
            self._moved = {p: moved for p, moved in self._moved.items() if p in positions}
        for partition, (position, end) in positions.items():
            before, _ = self._moved.get(partition, (position, now))
            if before != position:
                self._last = now
            if (
                before != position
                or partition not in self._moved
                or position >= end
                or may_rest(partition.topic)
            ):
                self._moved[partition] = position, now
        limit = self._seconds if now - self._last > self._seconds else BEHIND_OTHERS * self._seconds
        still = {p: at for p, (_, at) in self._moved.items() if p in positions and now - at > limit}
        if not still:
            return ""
        longest = min(still, key=still.__getitem__)
        position, end = positions[longest]
        return f"no progress on {longest.topic}[{longest.partition}] at {position} of {end}"
