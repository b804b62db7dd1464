"""Copying the broker's log, also while the broker writes it.

A log is only ever appended to, and whole segments are replaced by compaction or dropped. So the logs are copied
without their indexes, which the broker makes anew (and with that checks every record, cutting a torn last one off),
and a partition whose older segments changed meanwhile is copied again.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

TRIES = 5
LEFT_OUT = (
    ".index",
    ".timeindex",
    ".txnindex",
    ".snapshot",
    ".deleted",
    ".cleaned",
    ".swap",
    ".lock",
    ".kafka_cleanshutdown",
)
"""What the broker makes anew, or is about to drop. Who was not stopped in order must look at its log."""
FIRST = ("recovery-point-offset-checkpoint", "replication-offset-checkpoint", "log-start-offset-checkpoint")
"""Copied before the logs: they must promise no more than the logs hold."""


class LogChangesError(RuntimeError):
    """A partition changed during every attempt to copy it."""


def copy_log(data: Path, target: Path, report: Callable[[int, int], None]) -> None:
    """Copy a broker's data folder; `report` takes partitions done and in all. Raises LogChangesError."""
    target.mkdir(mode=0o700, parents=True)  # people's data, wherever the backup lies
    for name in FIRST:
        if (data / name).exists():
            shutil.copy2(data / name, target / name)
    partitions = sorted(
        (p for p in data.iterdir() if p.is_dir()), key=lambda p: p.name != "__cluster_metadata-0"
    )
    for done, partition in enumerate(partitions):
        report(done, len(partitions))
        _copy_partition(partition, target / partition.name)
    for file in data.iterdir():
        if file.is_file() and _wanted(file) and file.name not in FIRST:
            shutil.copy2(file, target / file.name)
    report(len(partitions), len(partitions))


def _copy_partition(partition: Path, target: Path) -> None:
    for _ in range(TRIES):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        try:
            before = _closed(partition)
            for file in sorted(partition.iterdir()):
                if file.is_file() and _wanted(file):
                    shutil.copy2(file, target / file.name)
            if _closed(partition).items() >= before.items():
                return
        except FileNotFoundError:
            if not partition.exists():  # the topic was deleted
                shutil.rmtree(target, ignore_errors=True)
                return
    raise LogChangesError(f"{partition.name} berubah terus selama disalin; ulangi saat Bina lebih tenang")


def _closed(partition: Path) -> dict[str, int]:
    """Segments that are written no more, by name, with what tells a replaced one apart."""
    logs = sorted(partition.glob("*.log"))[:-1]
    return {log.name: log.stat().st_ino for log in logs}


def _wanted(file: Path) -> bool:
    return not file.name.endswith(LEFT_OUT)
