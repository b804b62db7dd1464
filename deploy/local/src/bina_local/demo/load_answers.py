"""What people answer: tests with about the planned score, forms as planned; the platform hands them in for them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from evaluation.instruments.shipped import load_instruments

from .load_chapters import Chapter
from .load_doors import Doors
from .load_enrolling import turns
from .model import Response, Test, World

ROWS, TESTS = 250, 100


class Respondents:
    """Holds the world's responses until their task is open; counts in `tally` what became of them."""

    def __init__(self, doors: Doors, world: World) -> None:
        self.tally: Counter[str] = Counter()
        self._doors = doors
        self._runs = {run.code: run for run in world.runs}
        self._pending = [response for step in world.steps for response in step.responses]
        self._asked = asked_on(world)

    async def answer(self, chapter: Chapter) -> None:
        """Hand in what is due."""
        due = self.due(chapter)
        for n in range(0, len(due), ROWS):
            body = {"items": [_filled(row) for row in due[n : n + ROWS]]}
            name = f"{chapter.until}/{n}"
            self.tally.update(await self._doors.command("evaluation", "responses", body, name))

    def due(self, chapter: Chapter) -> list[Response]:
        """What is answered by the chapter's end, or would be closed at its successor's; gives it once."""
        today, following = chapter.until.date(), chapter.following.date()
        due: list[Response] = []
        later: list[Response] = []
        for response in self._pending:
            is_due = response.on <= today or self._is_urgent(response, today, following)
            (due if is_due else later).append(response)
        self._pending = later
        return due

    def _is_urgent(self, response: Response, today: date, following: date) -> bool:
        """Whether the form is open today and may be closed when the next chapter ends."""
        if response.on > following:
            return False
        asked_on = self._asked.get((response.instrument, response.about, response.run))
        if asked_on is None:
            return self._closes_on(response) < following
        return asked_on <= today

    def _closes_on(self, response: Response) -> date:
        window = load_instruments()[response.instrument].window
        return window.closes_on(self._runs[response.run].ends_on)


def asked_on(world: World) -> dict[tuple[str, str, str], date]:
    """When the forms that are open for two weeks are asked for at the latest, by instrument, person and run."""
    found: dict[tuple[str, str, str], date] = {}
    for request, turn in turns(world).items():
        if turn == 0:  # those who move up are asked when somebody withdraws
            found["L3-BASELINE", request.nip, request.run] = request.on
    for step in world.steps:
        found |= {("L1-REACTION", result.nip, result.run): result.on for result in step.results}
        found |= {("L1-REACTION", test.nip, test.run): test.on for test in step.tests if test.kind == "post"}
    return found


def _filled(response: Response) -> dict[str, Any]:
    return {
        "respondent": response.respondent,
        "about": response.about,
        "run": response.run,
        "instrument": response.instrument,
        "on": str(response.on),
        "answers": response.answers,
    }


class Tests:
    """Has people take their tests; needs to know each participant's enrolment."""

    def __init__(self, doors: Doors) -> None:
        self.tally: Counter[str] = Counter()
        self._doors = doors

    async def take(self, tests: Sequence[tuple[Test, str]], name: str) -> None:
        """Take (test, enrolment id); answers come as near to the planned score as ten questions allow."""
        for n in range(0, len(tests), TESTS):
            rows = [_taken(test, enrolment) for test, enrolment in tests[n : n + TESTS]]
            body = {"items": rows}
            taken = await self._doors.command("assessment", "assessments/taken", body, f"{name}/{n}")
            self.tally.update(taken)


def _taken(test: Test, enrolment: str) -> dict[str, Any]:
    return {"enrollment_id": enrolment, "kind": test.kind, "score": test.score, "on": str(test.on)}
