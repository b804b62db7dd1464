"""Plays the demo world into a running Bina, by its public doors alone; a broken load is simply run again."""

import hashlib
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bina_local.addresses import SERVICES
from bina_local.context import Context

from . import PEOPLE
from .load_changes import change
from .load_chapters import MORNING, Chapter, chapters
from .load_doors import Doors
from .load_play import Player
from .load_quiet import Quiet
from .load_register import admit, appoint, register
from .model import World
from .runs import FIRST_DAY
from .world import grow

Progress = Callable[[str, int, int], None]
"""Takes (stage, chapters done, chapters in all)."""

NOTE = "demo_progress"
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)


async def load(context: Context, progress: Progress) -> None:
    """The whole demo world, a year of business time; its clock stands at the world's as_of afterwards."""
    world = grow()
    await play(context, world, chapters(world), progress)
    async with Doors.open(context, fingerprint(world)) as doors:
        await change(doors, world)
    context.state.save(PEOPLE, {"people": sign_ins(world)})


async def play(
    context: Context,
    world: World,
    cut: Sequence[Chapter],
    progress: Progress,
    services: Sequence[str] = SERVICES,
) -> None:
    """A world by its chapters, from the first that no earlier call has finished in this state folder."""
    name = fingerprint(world)
    note = context.state.load(NOTE)
    done = int(note["chapters"]) if note.get("world") == name else 0
    async with Doors.open(context, name, services) as doors:
        progress("Dunia demo: mendaftarkan instansi dan pegawai …", done, len(cut))
        await admit(doors, world)
        async with Quiet.open(doors, [agency.code for agency in world.agencies]) as quiet:
            if not done:
                await _begin(doors, quiet, world, cut[0])
            player = Player(doors, quiet, world)
            player.skip(cut[:done])
            for number, chapter in enumerate(cut[done:], done):
                progress(f"Dunia demo: memutar {_month(chapter)} …", number, len(cut))
                await player.play(chapter)
                context.state.save(NOTE, {"world": name, "chapters": number + 1})
            progress("Dunia demo: setahun pelatihan", len(cut), len(cut))
            sys.stderr.write(f"responses {player.respondents.tally}, tests {player.tests.tally}\n")


async def _begin(doors: Doors, quiet: Quiet, world: World, first: Chapter) -> None:
    """Everybody is there when the first chapter begins."""
    start = min(first.until, datetime.combine(FIRST_DAY, MORNING, ZoneInfo(world.timezone)))
    await doors.move_clock(start)
    await quiet.follows()
    await register(doors, world)
    await appoint(doors, quiet, world)


def fingerprint(world: World) -> str:
    """Equal for equal worlds: another one's commands and progress are not this one's."""
    told = repr((world.people, world.runs, world.steps))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def sign_ins(world: World) -> list[dict[str, str]]:
    """Whom to sign in as, and what they show."""
    return [
        {"label": account.label, "name": world.by_nip[account.nip].name, "shows": account.shows}
        for account in world.accounts
    ]


def _month(chapter: Chapter) -> str:
    return f"{MONTHS[chapter.until.month - 1]} {chapter.until.year}"
