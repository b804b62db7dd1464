"""A line between the services and what they stand on, that can be stalled, cut or reset."""

import asyncio
import contextlib
import socket
import struct

from bina_local.ports import HOST

CHUNK = 64 * 1024
OFFSET_COMMIT = b"\x00\x08"
"""Kafka's key of the request, after its length; a consumer's requests to its group each come in one piece."""
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, no time: closing throws away what is unsent, and resets


class Proxy:
    """Passes TCP connections on to `target`, a port on this machine."""

    def __init__(self) -> None:
        self.port = 0
        self.target = 0
        self._server: asyncio.Server
        self._ends: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._commits = asyncio.Event()
        self._commits.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._begin, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Nothing passes any more; connections stay."""
        self._flows.clear()

    def hold_commits(self) -> None:
        """Consumers read on, but the broker does not hear how far they have come."""
        self._commits.clear()

    def flow(self) -> None:
        self._flows.set()
        self._commits.set()

    def cut(self) -> None:
        """End every connection in good manners."""
        for end in list(self._ends):
            end.close()

    def reset(self) -> None:
        """End every connection by a reset, on both sides."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):  # closed from the other side just now
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            end.transport.abort()

    async def stop(self) -> None:
        self._server.close()
        self.flow()
        self.cut()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.close()
            return
        self._ends |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._ends -= {writer, far_writer}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await self._flows.wait()
                if data[4:6] == OFFSET_COMMIT:
                    await self._commits.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
