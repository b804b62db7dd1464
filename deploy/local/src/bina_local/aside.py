"""Data folders that a restore exchanged: the earlier one stays beside its place, under its name and the time."""

from datetime import UTC, datetime
from pathlib import Path

from bina_local.state import State


class HalfRestoredError(RuntimeError):
    """A restore was broken off between two data folders; the message says what to do."""


def replace(draft: Path, place: Path) -> None:
    """Put what is there aside: nobody is left without the data they had."""
    if place.exists():
        place.rename(place.with_name(f"{place.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    draft.rename(place)


def check_whole(state: State) -> None:
    """Raises HalfRestoredError where the earlier data lie aside and nothing lies in their place.

    Whoever starts then would begin with empty data.
    """
    for place in (state.root / "postgres", state.root / "kafka" / "data"):
        earlier = sorted(place.parent.glob(f"{place.name}.[0-9]*"))
        if earlier and not place.exists():
            raise HalfRestoredError(
                f"Pemulihan terputus: {place} tidak ada, data sebelumnya ada di {earlier[-1]}. Ulangi bina restore, "
                f"atau kembalikan data itu: mv {earlier[-1]} {place}"
            )
