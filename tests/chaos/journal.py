"""What was asked of Bina and what was done to it, kept outside of it: line by line, never changed."""

import json
import threading
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
"""`what` it is, `at` which wall time (seconds since 1970), and what belongs to its kind."""


class Journal:
    """An append-only file of JSON lines; what is written is out of this process when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._turn = threading.Lock()

    def write(self, what: str, **more: Any) -> None:
        line = json.dumps({"what": what, "at": round(time.time(), 4), **more}, ensure_ascii=False)
        with self._turn:
            self._file.write(f"{line}\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[Entry]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
