"""How much memory each part takes, shared pages counted once."""

import contextlib

import psutil

from bina_local.process import still_ours
from bina_local.running import holder
from bina_local.state import State


def memory_by_part(state: State) -> dict[str, int]:
    """Bytes by part; proportional set size where the system knows it, resident size elsewhere."""
    pids = {file.stem: note["pid"] for file in sorted(state.run.glob("*.pid")) if (note := still_ours(file))}
    parts = {name: _tree(pid) for name, pid in pids.items()}
    supervisor = holder(state)
    return {"bina up": _alone(supervisor), **parts} if supervisor else parts


def _tree(pid: int) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(pid).children(recursive=True)
        return _alone(pid) + sum(_alone(child.pid) for child in children)
    return 0


def _alone(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        found = process.memory_full_info()
        return int(getattr(found, "pss", 0) or found.rss)
    except psutil.NoSuchProcess:
        return 0
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
