"""What agencies send: requests for seats, withdrawals, results, as events on their own topics."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bina.events import Event
from bina.events.agency import EnrollmentRequested, TrainingResultReported, WithdrawalRequested

from .load_doors import Published
from .model import HistoryStep, Request, Result, Withdrawal, World

OPENING, WORKDAY = time(8), timedelta(hours=8)
TURNS = 3


class Post:
    """Writes an agency's facts as events, and says which of them must be read before others.

    Agencies' topics have no mutual order, yet seats go to whoever comes first: whoever waits in the plan has to ask
    after those who got a seat, and those who will move up before those who will not.
    """

    def __init__(self, world: World) -> None:
        self._zone = ZoneInfo(world.timezone)
        self._organisers = {run.code: run.agency for run in world.runs}
        self._turns = turns(world)

    def rounds(self, steps: Sequence[HistoryStep]) -> list[list[Published]]:
        """Events in rounds; each is to be taken before the next is sent."""
        turns: list[list[Published]] = [[] for _ in range(TURNS)]
        for step in steps:
            for request in step.requests:
                turns[self._turns[request]].append(self._asked(request))
        left = [self._left(row) for step in steps for row in step.withdrawals]
        results = [self._reported(row) for step in steps for row in step.results]
        return [events for events in (*turns, left, results) if events]

    def _left(self, row: Withdrawal) -> Published:
        event = WithdrawalRequested(nip=row.nip, run_code=row.run, reason=row.reason)
        return self._sent(row.agency, row.on, event)

    def _reported(self, row: Result) -> Published:
        return self._sent(self._organisers[row.run], row.on, reported(row))

    def _asked(self, request: Request) -> Published:
        event = EnrollmentRequested(nip=request.nip, run_code=request.run)
        return self._sent(request.agency, request.on, event)

    def _sent(self, agency: str, on: date, event: Event) -> Published:
        """At a minute of the working day that is each person's own."""
        minutes = int(event.key) % (WORKDAY // timedelta(minutes=1))
        at = datetime.combine(on, OPENING, self._zone) + timedelta(minutes=minutes)
        return Published(agency, event, at)


def reported(result: Result) -> TrainingResultReported:
    """A result as its organiser reports it."""
    return TrainingResultReported(
        nip=result.nip,
        run_code=result.run,
        result=result.outcome,
        completed_on=result.completed_on,
        jp=result.jp,
        pre_score=result.pre,
        post_score=result.post,
        certificate_number=result.certificate,
    )


def turns(world: World) -> dict[Request, int]:
    """0: gets a seat; 1: waits and moves up when somebody withdraws; 2: waits in vain."""
    quota = {run.code: run.quota for run in world.runs}
    left = Counter(row.run for step in world.steps for row in step.withdrawals)
    before: Counter[str] = Counter()
    found: dict[Request, int] = {}
    for request in _requests(world):
        place = before[request.run] - quota[request.run]
        found[request] = 0 if place < 0 else 1 if place < left[request.run] else 2
        before[request.run] += 1
    return found


def _requests(world: World) -> Iterator[Request]:
    return (request for step in world.steps for request in step.requests)
