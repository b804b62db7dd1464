"""Where what is planted lies, and how a service comes to find it."""

import os
from pathlib import Path

PLANTED = Path(__file__).with_name("planted")


def with_planted() -> str:
    """Where services look for modules: among what is planted first."""
    return os.pathsep.join([str(PLANTED), *filter(None, [os.environ.get("PYTHONPATH", "")])])
