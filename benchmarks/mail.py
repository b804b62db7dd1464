"""E-mails from planned to sent and marked, one worker, with a mail server on this machine that throws them away.

The baseline is `smtplib` over one connection, sending a fifth as many plain messages of 2 KB and doing nothing else.
"""

import asyncio
import contextlib
import smtplib
import sys
import time
from collections.abc import AsyncIterator

from bina_local.ports import HOST, any_free

from .figures import Figure, figure, say
from .handlers import drain, prepared
from .parts import Parts, connect
from .running import running
from .scenarios import SCENARIOS

MAILS = 5_000
LIMIT_SECONDS = 300
NOTIFICATION = next(s for s in SCENARIOS if s.service.name == "notification")
_SENT = "SELECT count(*) FROM deliveries WHERE state = 'sent'"


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Mails per second."""
    rates, bare = [], []
    for number in range(runs):
        async with _sink() as port:
            rates.append(await _ours(parts, port))
            bare.append(await asyncio.to_thread(_bare, port))
        say(f"mail run {number + 1}: {rates[-1]:,.0f}/s, bare {bare[-1]:,.0f}/s")
    return [
        figure("mail", rates, "mails/s", bare, "planned to sent and marked; bare smtplib, one connection")
    ]


@contextlib.asynccontextmanager
async def _sink() -> AsyncIterator[int]:
    port = any_free()
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"{HOST}:{port}"],
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while not await _answers(port):  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def _ours(parts: Parts, port: int) -> float:
    url, _ = await prepared(parts, NOTIFICATION)
    await drain(parts, NOTIFICATION, url, NOTIFICATION.load(MAILS))
    connection = await connect(url)
    async with running("notification", url, parts.kafka.cluster, port), asyncio.timeout(LIMIT_SECONDS):
        while not (first := await connection.fetchval(_SENT)):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
        started = time.perf_counter()
        while (sent := await connection.fetchval(_SENT)) < MAILS:  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
        seconds = time.perf_counter() - started
    await connection.close()
    await parts.drop(url)
    return float(sent - first) / seconds


def _bare(port: int) -> float:
    text = "Subject: Pemberitahuan\r\n\r\n" + "Anda diterima pada pelatihan.\r\n" * 60
    with smtplib.SMTP(HOST, port) as server:
        started = time.perf_counter()
        for number in range(MAILS // 5):
            server.sendmail("bina@example.id", [f"p{number}@example.id"], text)
        return MAILS // 5 / (time.perf_counter() - started)
