"""`python -m chaos --minutes 30 --seed 7`: the long form of the kill rig."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

from chaos.driver import Load
from chaos.rig import WIDE, Plan, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long commands and kills go on")
    parser.add_argument("--seed", type=int, default=None, help="repeats the stories and the acts of a run")
    parser.add_argument("--rate", type=float, default=Load.per_second, help="stories begun per second")
    parser.add_argument(
        "--poison", type=float, default=Load.poison, help="share of agencies' events that are bad"
    )
    parser.add_argument("--calm", action="store_true", help="kill nothing: shows what the load alone does")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a green run too")
    chosen = parser.parse_args()
    seed = random.randrange(10_000) if chosen.seed is None else chosen.seed
    folder = Path(tempfile.mkdtemp(prefix=f"bina-chaos-{seed}-"))
    sys.stdout.write(f"Seed {seed}; journal and logs in {folder}\n")
    load = Load(seed, chosen.minutes * 60, chosen.rate, chosen.poison)
    wide = load.seconds >= WIDE and not chosen.calm
    done = asyncio.run(run(load, folder, Plan(kills=not chosen.calm, release=wide)))
    sys.stdout.write(f"{done.table()}\n")
    if done.is_green and not chosen.keep:
        shutil.rmtree(folder)
    sys.exit(not done.is_green)


if __name__ == "__main__":
    main()
