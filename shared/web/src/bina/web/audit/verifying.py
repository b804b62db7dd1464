"""Does the chain hold? From a stream of records, wherever they come from: no I/O, bounded memory.

What it keeps is the block in hand, sixteen bytes of every block's hash to compare with what was told elsewhere, and the
values that lack until an erasure explains them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bina.web.audit.digests import FIRST, WIDTH, Entry, block_hash, leaf_of, value_digest

KEPT = 16
"""Bytes of each block's hash that are kept."""


class Finding(NamedTuple):
    """Something that does not fit, by its place; 0 and "" where the place is not that small."""

    what: str
    block: int = 0
    entry: int = 0
    field: str = ""


class Verifier:
    """Takes the records of one service's audit in their order; `findings` holds what does not fit, first things first.

    `most`: findings that are kept; `count` counts on.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self.findings: list[Finding] = []
        self.count = 0
        self.service = ""
        self.entries = 0
        self.unsealed = 0
        self.ended = False
        self._last = FIRST
        self._block = 0
        self._expected: list[int] = []
        self._leaves = b""
        self._place = 0
        self._heads = bytearray()
        self._erased: set[str] = set()
        self._claimed = ""
        self._expired = ""
        self._lacking: dict[str | None, tuple[str, Finding]] = {}

    @property
    def blocks(self) -> int:
        """How many blocks the chain has."""
        return len(self._heads) // KEPT

    @property
    def head(self) -> str:
        """The newest block's hash."""
        return self._last.hex()

    def take(self, record: Mapping[str, Any]) -> None:
        """The next record. Raises KeyError, TypeError or ValueError for what is none."""
        takers = {
            "begin": self._begin,
            "block": self._take_block,
            "entry": self._take_sealed,
            "end": self._end,
        }
        takers |= {"unsealed": self._take_unsealed, "stray": self._take_stray, "twice": self._take_twice}
        takers |= {"later": self._take_later}
        takers[record["type"]](record)

    def finish(self, anchors: Iterable[tuple[int, str]] = ()) -> None:
        """There are no more records. `anchors`: number and hash of blocks as they were told elsewhere, in any order."""
        self._close_block()
        if not self.ended:
            self._found("cut")
        if self._claimed > self._expired:
            self._found("expiry-unproven")
        for at, lacking in self._lacking.values():
            if at >= self._expired:
                self._report(lacking)
        for number, digest in anchors:
            self.compare(number, digest)

    def compare(self, number: int, digest: str) -> None:
        """A block as it was told elsewhere."""
        if number > self.blocks:
            self._report(Finding("block-gone", number))
        elif bytes(self._heads[(number - 1) * KEPT : number * KEPT]) != bytes.fromhex(digest)[:KEPT]:
            self._report(Finding("not-as-told", number))

    def _begin(self, record: Mapping[str, Any]) -> None:
        self.service = record["service"]
        self._claimed = record.get("expired_before", "")

    def _end(self, record: Mapping[str, Any]) -> None:
        self.ended = True
        self._close_block()
        if (record["blocks"], record["head"]) != (self.blocks, self.head):
            self._found("end")

    def _take_block(self, record: Mapping[str, Any]) -> None:
        self._close_block()
        number, expected = record["number"], self.blocks + 1
        if number != expected:
            self._report(Finding("block-missing", expected))
        self._block, self._expected, self._place = number, record["entries"], 0
        self._leaves, previous = bytes.fromhex(record["leaves"]), bytes.fromhex(record["previous"])
        if previous != self._last:
            self._found("chain")
        digest = block_hash(number, record["sealed_at"], self._expected, self._leaves, previous)
        if digest.hex() != record["hash"] or len(self._leaves) != WIDTH * len(self._expected):
            self._found("block")
        self._last = bytes.fromhex(record["hash"])
        self._heads += self._last[:KEPT] * max(1, number - self.blocks)

    def _take_sealed(self, record: Mapping[str, Any]) -> None:
        entry: Entry = record["entry"]
        while self._place < len(self._expected) and self._expected[self._place] != entry["id"]:
            self._found("entry-missing", self._expected[self._place])
            self._place += 1
        leaf = self._leaves[self._place * WIDTH : (self._place + 1) * WIDTH]
        self._place += 1
        if leaf != leaf_of(entry):
            self._found("entry", entry["id"])
        self._take_values(entry, record["values"])

    def _take_unsealed(self, record: Mapping[str, Any]) -> None:
        self._close_block()
        self.unsealed += 1
        self._take_values(record["entry"], record["values"])

    def _take_stray(self, record: Mapping[str, Any]) -> None:
        self._close_block()
        self._report(Finding("stray", entry=record["id"]))

    def _take_twice(self, record: Mapping[str, Any]) -> None:
        self._close_block()
        self._report(Finding("twice", entry=record["id"]))

    def _take_later(self, record: Mapping[str, Any]) -> None:
        self._close_block()
        self._explain(record["entry"])

    def _close_block(self) -> None:
        for missing in self._expected[self._place :]:
            self._found("entry-missing", missing)
        self._expected, self._place, self._block = [], 0, 0

    def _take_values(self, entry: Entry, values: Iterable[Mapping[str, Any]]) -> None:
        self.entries += 1
        there = {value["field"]: value for value in values}
        for name, noted in entry["personal"].items():
            value = there.pop(name, None)
            if value is None:
                self._lacks(entry, name, noted["of"])
            elif value_digest(bytes.fromhex(value["salt"]), value["value"]) != noted["digest"]:
                self._found("value", entry["id"], name)
            elif value["person"] != noted["of"]:
                self._found("person", entry["id"], name)
        for name in there:
            self._found("value-extra", entry["id"], name)
        self._explain(entry)

    def _explain(self, entry: Entry) -> None:
        """What an entry says to have been taken away lacks rightly, wherever it lay."""
        if entry["kind"] == "erasure":
            self._expired = max(self._expired, entry["detail"].get("expired_before", ""))
        for person in entry["erased"]:
            self._erased.add(person)
            self._lacking.pop(person, None)

    def _lacks(self, entry: Entry, name: str, person: str | None) -> None:
        """A value is gone: right if its time was over, or its person was erased, before or later. Of each person's the
        newest is kept, which expires last."""
        at = entry["at"]
        if at < self._claimed or person in self._erased:
            return
        if person not in self._lacking or self._lacking[person][0] <= at:
            self._lacking[person] = at, Finding("value-gone", self._block, entry["id"], name)

    def _found(self, what: str, entry: int = 0, field: str = "") -> None:
        self._report(Finding(what, self._block, entry, field))

    def _report(self, finding: Finding) -> None:
        self.count += 1
        if len(self.findings) < self._most:
            self.findings.append(finding)
