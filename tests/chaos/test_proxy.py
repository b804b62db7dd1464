import asyncio
from collections.abc import AsyncIterator

import pytest

from bina_local.ports import HOST
from chaos.proxy import Proxy

Line = tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A connection through a proxy to a server that says back what it hears."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    proxy = Proxy()
    await proxy.start()
    async with await asyncio.start_server(echo, HOST, 0) as server:
        proxy.target = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        yield proxy, reader, writer
        writer.close()
        await proxy.stop()


async def test_a_stalled_line_passes_all_on_later(line: Line):
    proxy, reader, writer = line
    proxy.stall()
    writer.write(b"two")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    proxy.flow()
    assert await reader.readexactly(3) == b"two"


async def test_a_cut_line_ends(line: Line):
    proxy, reader, _writer = line
    proxy.cut()
    assert await reader.read() == b""


async def test_a_reset_line_fails(line: Line):
    proxy, reader, _writer = line
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read()
