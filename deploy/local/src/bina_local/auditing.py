"""The services' audits as an auditor holds them: read from the databases or from files, compared with what Kafka kept.

It reads as the database server's superuser, past the services: what a service is asked it could answer as it likes.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from bina.events.platform import AuditSealed
from bina.messaging.cluster import Cluster
from bina.web.audit.exporting import records
from bina.web.audit.verifying import Finding, Verifier
from bina_local.broker import reader, records_until_end
from bina_local.databases import DatabaseServer

Anchor = tuple[int, str]
_BLOCK = "SELECT hash FROM audit.blocks WHERE number = $1"


class UnreadableFileError(ValueError):
    """A file that is no export of an audit, and where it stops being one."""


async def verify_service(
    server: DatabaseServer, service: str, told: Callable[[], AsyncIterator[Anchor]] | None = None
) -> Verifier:
    """Check one service's chain; `told` gives what its topic kept of it."""
    verifier = Verifier()
    connection = await server.connect(service)
    try:
        async for record in records(connection.fetch, service):
            verifier.take(record)
        verifier.finish()
        async for number, digest in told() if told else _nobody():
            # What was sealed since is there, or it is not.
            later = await connection.fetchval(_BLOCK, number) if number > verifier.blocks else None
            if later is None or later.hex() != digest:
                verifier.compare(number, digest)
    finally:
        await connection.close()
    return verifier


async def _nobody() -> AsyncIterator[Anchor]:
    nothing: tuple[Anchor, ...] = ()
    for anchor in nothing:
        yield anchor


def verify_file(path: Path, anchors: Iterable[Anchor] = ()) -> Verifier:
    """Check an exported file; raises `UnreadableFileError`."""
    verifier = Verifier()
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                verifier.take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise UnreadableFileError(f"{path}: baris {number} bukan catatan audit") from error
    verifier.finish(anchors)
    return verifier


async def export(server: DatabaseServer, service: str, path: Path) -> Verifier:
    """Write everything to a file, and check it on the way."""
    verifier = Verifier()
    connection = await server.connect(service)
    try:
        with path.open("w", encoding="utf-8") as file:
            async for record in records(connection.fetch, service):
                verifier.take(record)
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    finally:
        await connection.close()
    verifier.finish()
    return verifier


async def told_on(cluster: Cluster, service: str) -> AsyncIterator[Anchor]:
    """Number and hash of every block, as the service's topic keeps them. Raises KafkaError."""
    async with reader(cluster, f"{service}.{AuditSealed.topic}") as client:
        async for record in records_until_end(client):
            if record.value:
                sealed = AuditSealed.model_validate_json(record.value)
                yield sealed.number, sealed.hash


def words_of(finding: Finding) -> str:
    """What does not fit, by its place."""
    place = f"blok {finding.block}" if finding.block else ""
    entry = f"catatan {finding.entry}" if finding.entry else ""
    named = f'isian "{finding.field}"' if finding.field else ""
    where = ", ".join(part for part in (place, entry, named) if part)
    return f"{where}: {_WORDS[finding.what]}" if where else _WORDS[finding.what]


_WORDS = {
    "cut": "berkas terpotong sebelum akhir ekspor",
    "end": "akhir ekspor menyebut rantai lain dari isinya",
    "block-missing": "blok ini hilang dari rantai",
    "block-gone": "blok ini tercatat di Kafka tetapi tidak ada lagi: ujung rantai terpotong",
    "not-as-told": "sidik blok ini lain dari yang tercatat di Kafka: rantai diganti",
    "chain": "tidak bersambung dengan blok sebelumnya",
    "block": "sidik blok tidak cocok dengan isinya",
    "entry": "isinya bukan yang disegel",
    "entry-missing": "catatan ini hilang",
    "value": "nilainya bukan yang dicatat",
    "value-gone": "nilainya hilang tanpa penghapusan data orangnya",
    "expiry-unproven": "masa simpan nilai yang hilang tidak tercantum dalam catatan mana pun",
    "value-extra": "nilai ini tidak tercantum dalam catatannya",
    "person": "nilai ini dipindahkan ke orang lain",
    "stray": "tidak disegel dan tidak menunggu segel: disisipkan atau penandanya dihapus",
    "twice": "disegel dua kali",
}
