"""Starts the process that checks a file, at most one at a time in each of the service's own."""

import asyncio
import contextlib
import json
import logging
import os
import sys
import weakref
from dataclasses import asdict

from bina.web.language import gettext as _
from bina.web.problems import Problem
from enrollment.imports.checker import Job, Outcome

SECONDS = 120.0
"""In which a file is checked, or it never will be."""
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "LANG", "TZ")
"""What the process is told of its surroundings: no secret."""
log = logging.getLogger(__name__)
_rooms: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


async def run(job: Job, content: bytes = b"") -> Outcome:
    """Check a file; raises `Problem` (503) where that does not end."""
    room = _rooms.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1))
    async with room:
        code, told, error = await _started(json.dumps(asdict(job)).encode() + b"\n" + content)
    if code:
        log.error("a file could not be checked: %s", error)
        raise Problem(
            "check-unfinished",
            503,
            _("Berkas ini belum dapat diperiksa."),
            mend=_("Coba lagi beberapa saat lagi, atau bagi menjadi beberapa berkas yang lebih kecil."),
            headers={"Retry-After": "10"},
        )
    return Outcome(**json.loads(told))


async def _started(told: bytes) -> tuple[int, bytes, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "enrollment.imports.checker",
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        async with asyncio.timeout(SECONDS):
            answer, error = await process.communicate(told)
    except TimeoutError:
        return 1, b"", "out of time"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, answer, error.decode(errors="replace")[-300:]
