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
        self._blind_since: float | None = None
        self._spared: set[TopicPartition] = set()

    def stuck(
        self,
        positions: Mapping[TopicPartition, tuple[int, int]],
        may_rest: Callable[[str], bool],
        now: float,
    ) -> str:
        """What stands still for too long, in words; empty while all is well. `positions`: applied, end of the log."""
        if not positions:  # the broker did not answer, or the group is being divided anew
            self._blind_since = now if self._blind_since is None else self._blind_since
            return ""
        spares = self._see_again(now)
        self._note(positions, may_rest, now)
        limit = self._seconds if now - self._last > self._seconds else BEHIND_OTHERS * self._seconds
        still = {p: at for p, (_, at) in self._moved.items() if now - at > limit}
        if spares:
            still, given = {p: at for p, at in still.items() if p in self._spared}, still
            self._spared |= given.keys()
        if not still:
            return ""
        longest = min(still, key=still.__getitem__)
        position, end = positions[longest]
        return f"no progress on {longest.topic}[{longest.partition}] at {position} of {end}"

    def _see_again(self, now: float) -> bool:
        """Whether nothing was known until now. That time does not count, and who would be stuck gets one more look;
        but one only, or a broker that answers every other time would give time for ever."""
        if self._blind_since is None:
            return False
        blind, self._blind_since = now - self._blind_since, None
        self._last += blind
        self._moved = {p: (position, at + blind) for p, (position, at) in self._moved.items()}
        return True

    def _note(
        self,
        positions: Mapping[TopicPartition, tuple[int, int]],
        may_rest: Callable[[str], bool],
        now: float,
    ) -> None:
        self._moved = {p: moved for p, moved in self._moved.items() if p in positions}
        self._spared &= self._moved.keys()
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
                self._spared.discard(partition)
