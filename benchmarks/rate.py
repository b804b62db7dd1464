"""How fast a stream of counts went."""

import time


class Clock:
    """Runs from the first count, so that nothing done to get going is in the rate."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.first, self.started, self.ended = wanted, 0, 0, 0.0, 0.0

    def count(self, applied: int) -> bool:
        """Whether all is counted."""
        self.seen += applied
        self.ended = time.perf_counter()
        if not self.started:
            self.first, self.started = applied, self.ended
        return self.seen >= self.wanted

    @property
    def rate(self) -> float:
        """Counts per second between the first and the last."""
        assert self.seen > self.first, "one batch alone has no rate"
        return (self.seen - self.first) / (self.ended - self.started)
