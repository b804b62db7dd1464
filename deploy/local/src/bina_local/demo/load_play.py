"""Plays one chapter: clock, announcements, what agencies send, what people answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from .load_answers import Respondents, Tests
from .load_chapters import Chapter
from .load_doors import Doors
from .load_enrolling import Post
from .load_quiet import Quiet
from .load_register import announcement
from .model import Run, World

REASON = "Peserta terlalu sedikit; anggaran dialihkan ke angkatan berikutnya."
MOST = 1000


class Player:
    """Plays chapters in order."""

    def __init__(self, doors: Doors, quiet: Quiet, world: World) -> None:
        self.respondents = Respondents(doors, world)
        self.tests = Tests(doors)
        self._doors = doors
        self._quiet = quiet
        self._post = Post(world)
        self._enrolments: dict[str, dict[str, str]] = {}

    def skip(self, chapters: Iterable[Chapter]) -> None:
        """Leave out what an earlier load has played."""
        for chapter in chapters:
            self.respondents.due(chapter)

    async def play(self, chapter: Chapter) -> None:
        """Tell what happened, wait for what follows, answer what that asks for; leaves nothing undone behind."""
        await self._doors.move_clock(chapter.until)
        await self._quiet.follows()
        await self._announce([run for step in chapter.steps for run in step.announcements])
        for events in self._post.rounds(chapter.steps):
            await self._doors.publish(events)
            await self._quiet.inbound()
        await self._attend(chapter)
        await self._cancel(run for step in chapter.steps for run in step.cancellations)
        await self._quiet.everything()
        await self._take_tests(chapter)
        await self.respondents.answer(chapter)
        await self._quiet.everything()

    async def _announce(self, runs: Sequence[Run]) -> None:
        if runs:
            body = {"items": [announcement(run) for run in runs]}
            await self._doors.command("enrollment", "runs", body, runs[0].code)

    async def _cancel(self, runs: Iterable[Run]) -> None:
        for run in runs:
            body = {"reason": REASON}
            await self._doors.command("enrollment", f"runs/{run.code}/cancel", body, run.code)

    async def _attend(self, chapter: Chapter) -> None:
        present: dict[tuple[str, date], list[str]] = defaultdict(list)
        for fact in (fact for step in chapter.steps for fact in step.attendances):
            present[fact.run, fact.on].append((await self._of_run(fact.run))[fact.nip])
        for (run, on), enrolments in present.items():
            body = {"enrollments": enrolments, "met_on": str(on)}
            await self._doors.command("enrollment", "attendance", body, f"{run}/{on}")

    async def _take_tests(self, chapter: Chapter) -> None:
        """Pre-tests before post-tests: whoever has both in one chapter takes them in their order."""
        tests = sorted((t for step in chapter.steps for t in step.tests), key=lambda t: t.kind == "post")
        if tests:
            known = {run: await self._of_run(run) for run in sorted({test.run for test in tests})}
            found = [(test, known[test.run][test.nip]) for test in tests]
            await self.tests.take(found, str(chapter.until))
            await self._quiet.everything()

    async def _of_run(self, run: str) -> dict[str, str]:
        """Enrolment ids by NIP."""
        if run not in self._enrolments:
            page = await self._doors.ask("enrollment", "enrolments", run=run, limit=MOST)
            self._enrolments[run] = {row["nip"]: row["id"] for row in page["items"]}
        return self._enrolments[run]
