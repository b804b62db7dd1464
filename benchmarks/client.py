"""HTTP for those who measure: they share the machine with the servers, so asking is to cost next to nothing."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


class Client:
    """HTTP/1.1 over connections that are kept, as many as are asked over at once."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def get(self, path: str, headers: Mapping[str, str]) -> int:
        """The status of an answer that came as a whole."""
        return await self._ask("GET", path, headers, b"")

    async def post(self, path: str, headers: Mapping[str, str], body: Any) -> int:
        """The status of an answer to JSON that came as a whole."""
        sent = json.dumps(body).encode()
        more = {"Content-Type": "application/json", "Content-Length": str(len(sent))}
        return await self._ask("POST", path, {**headers, **more}, sent)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        )
        lines = {"Host": f"{self._host}:{self._port}", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        status = await _read(reader)
        self._idle.append((reader, writer))
        return status

    def close(self) -> None:
        """Let go of the connections."""
        for _reader, writer in self._idle:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    elif b"content-length: " in head:
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    return int(head.split(None, 2)[1])
