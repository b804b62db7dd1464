import os
import subprocess
import sys

from chaos.mutations import NAMES
from chaos.planting import PLANTED

APPLY = """
import sitecustomize
for plant in sitecustomize.MUTATIONS.values():
    plant()
print(*sitecustomize.MUTATIONS)
"""


def test_each_defect_still_finds_what_it_replaces():
    """Python starts a service whose `sitecustomize` fails, and without its defect: what moved must be seen here."""
    environment = os.environ | {"PYTHONPATH": str(PLANTED)}
    done = subprocess.run(
        [sys.executable, "-c", APPLY], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == ([*NAMES], "")
