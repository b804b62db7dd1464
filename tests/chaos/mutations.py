"""`python -m chaos.mutations`: plants one defect at a time into the services and shows that the rig turns red."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from chaos.driver import Load
from chaos.planting import with_planted
from chaos.report import Report
from chaos.rig import Plan, run

NAMES = (
    "no_inbox",
    "offset_before_commit",
    "outbox_by_cursor",
    "marked_before_sent",
    "not_sought_back",
    "key_not_blocked",
    "topics_in_order",
)
SECONDS = 60.0
PER_SECOND = 6.0
CROWD_EVERY = 20


def planted(name: str) -> dict[str, str]:
    """What a service's environment says so that the defect is in it."""
    return {"PYTHONPATH": with_planted(), "BINA_CHAOS_MUTATION": name}


def is_found(name: str, seeds: range, *, keep: bool) -> bool:
    """Run with the defect, seed after seed, until the rig is red; some defects need a kill at the wrong moment."""
    for seed in seeds:
        folder = Path(tempfile.mkdtemp(prefix=f"bina-mutation-{name}-"))
        done = asyncio.run(run(load_of(seed), folder, Plan(planted(name))))
        sys.stdout.write(f"{name}, seed {seed}: {summary(done)}\n")
        sys.stdout.flush()
        if keep:
            sys.stdout.write(f"  kept in {folder}\n")
        else:
            shutil.rmtree(folder)
        if not done.is_green:
            return True
    return False


def load_of(seed: int) -> Load:
    return Load(seed, SECONDS, PER_SECOND, poison=0.03, crowd_every=CROWD_EVERY)


def summary(done: Report) -> str:
    found = Counter(f"{f.kind} by {f.check}" for f in done.findings)
    return "red: " + ", ".join(f"{many} {what}" for what, many in found.items()) if found else "green"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, help=", ".join(NAMES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tries", type=int, default=3, help="seeds per defect")
    parser.add_argument("--keep", action="store_true", help="keep journals and logs")
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.tries)
    missed = [name for name in chosen.names if not is_found(name, seeds, keep=chosen.keep)]
    if missed:
        sys.exit(f"Not found: {', '.join(missed)}")


if __name__ == "__main__":
    main()
