"""The demo world: an invented region that shows the whole loop."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bina_local.context import Context

    from .load import Progress

PEOPLE = "demo_people"
"""The state folder's note of whom to sign in as: `{"people": [{label, name, shows}]}`."""


async def load(context: "Context", progress: "Progress") -> None:
    """Play the demo world into a running Bina."""
    from .load import load as play  # the command line imports this package for less

    await play(context, progress)


def agency_codes() -> tuple[str, ...]:
    """The agencies that publish in the demo world."""
    from .facts import agencies

    return tuple(agency.code for agency in agencies())
