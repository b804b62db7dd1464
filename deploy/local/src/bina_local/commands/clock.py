"""`bina clock`: the demo's business time."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bina_local.commands.screen import StateOption, broker_errors, console, fail, opened
from bina_local.context import Context
from bina_local.services import TIMEZONE

app = typer.Typer(help="Waktu demo: lihat atau majukan.", no_args_is_help=True)
STEP = re.compile(r"(\d+)\s*([dhmwj])")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "w": "weeks", "j": "hours"}
SERVICES_SECONDS = 60


@app.command()
def advance(
    by: Annotated[str, typer.Argument(help="Berapa jauh: 180d (hari), 12h (jam), 30m (menit), 2w (minggu).")],
    state: StateOption = None,
) -> None:
    """Majukan waktu demo; tugas yang jatuh tempo lalu berjalan."""
    context, step = opened(state), parsed(by)
    with broker_errors():
        asyncio.run(_advance(context, step))


@app.command()
def show(state: StateOption = None) -> None:
    """Tampilkan waktu demo sekarang."""
    from bina_local.business_clock import read_clock

    context = opened(state)
    with broker_errors():
        clock = asyncio.run(read_clock(context.kafka))
    console.print(_written(clock.now()))


def parsed(text: str) -> timedelta:
    """Read `180d`, `12h`, `1d12h`."""
    steps = STEP.findall(text)
    if not steps or STEP.sub("", text).strip():
        fail(f"Lama {text!r} tidak terbaca. Contoh: 180d, 12h, 30m, 2w.", code=2)
    return sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in steps), timedelta(0))


async def _advance(context: Context, step: timedelta) -> None:
    from bina_local.business_clock import move_clock, read_clock

    before = await read_clock(context.kafka)
    after = await move_clock(context.kafka, before.offset + step)
    console.print(f"Waktu demo: {_written(after.now())}")
    late = await _not_following(context, after.offset)
    if late:
        fail(f"Belum mengikuti setelah {SERVICES_SECONDS} detik: {', '.join(late)}. Lihat: bina status")
    console.print("Semua layanan mengikuti waktu itu.")


async def _not_following(context: Context, offset: timedelta) -> list[str]:
    from bina_local.operations import statuses

    deadline = time.monotonic() + SERVICES_SECONDS
    while True:
        found = await statuses(context)
        late = [
            name for name, status in found.items() if not _follows(status.get("business_time", ""), offset)
        ]
        if not late or time.monotonic() > deadline:
            return late
        await asyncio.sleep(0.3)


def _follows(business_time: str, offset: timedelta) -> bool:
    if not business_time:
        return False
    expected = datetime.now(UTC) + offset
    return abs(datetime.fromisoformat(business_time) - expected) < timedelta(seconds=30)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(TIMEZONE)):%d-%m-%Y %H:%M} WIB"
