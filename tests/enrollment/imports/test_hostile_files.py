"""Files that are made to harm are refused in a process that never takes much memory."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest

from enrollment.imports import checker

from .hostile import FILES, MIB, PLAIN

PEAK = 200 * MIB
JOB = checker.Job(
    database_url="",
    import_id="",
    agency_code="",
    kind="pendaftaran",
    file_name="a.xlsx",
    as_of="2026-11-20",
    now="",
    columns={},
)
_GREEDY = """
from enrollment.imports import checker
async def check(job, content):
    return b"x" * checker.MEMORY
checker.check = check
checker.main()
"""
_READ = """
import json, os, sys
from pathlib import Path
from enrollment.imports import checker
job = checker.Job(**json.loads(sys.argv[1]))
while size := sys.stdin.buffer.readline():
    data = sys.stdin.buffer.read(int(size))
    if os.fork():
        os.wait()
        continue
    checker.limit_memory()
    outcome = checker.read_file(job, data)
    problems = outcome.problems if isinstance(outcome, checker.Outcome) else ()
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(json.dumps([[p["code"] for p in problems if p["severity"] == "error"], int(peak) << 10]), flush=True)
    os._exit(0)
"""
_TOLD = json.dumps(asdict(JOB))
Check = Callable[[bytes], tuple[list[str], int]]


@pytest.fixture(scope="module")
def checked() -> Iterator[Check]:
    """As what a process of its own refuses a file, and that process's largest memory in bytes."""
    command = [sys.executable, "-c", _READ, _TOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout

        def check(data: bytes) -> tuple[list[str], int]:
            process.stdin.write(b"%d\n" % len(data) + data)
            process.stdin.flush()
            codes, peak = json.loads(process.stdout.readline())
            return codes, peak

        yield check
        process.stdin.close()


@pytest.mark.parametrize("what", FILES)
def test_a_hostile_file_is_refused_without_filling_the_memory(checked: Check, what: str):
    make, code = FILES[what]
    codes, peak = checked(make())
    assert codes == [code]
    assert peak < PEAK


def test_a_plain_file_is_read_the_same_way(checked: Check):
    codes, peak = checked(PLAIN)
    assert codes == []
    assert peak < PEAK


def test_what_would_take_more_memory_than_there_is_for_it_is_refused():
    command = [sys.executable, "-c", _GREEDY]
    done = subprocess.run(command, input=_TOLD.encode(), capture_output=True, check=True, timeout=60)
    outcome = json.loads(done.stdout)
    assert (outcome["outcome"], [p["code"] for p in outcome["problems"]]) == ("refused", ["file.too_large"])
