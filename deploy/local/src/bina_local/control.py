"""What a running `bina up` does on demand: a socket in the state folder, for its owner alone."""

import asyncio
import json
from typing import Any

from bina_local.process import ChildFailedError
from bina_local.sockets import connect, listen
from bina_local.state import State
from bina_local.workers import UnknownServiceError, Workers, checked

NAME = "control.sock"
PATIENCE = 1800.0


class ControlError(RuntimeError):
    """The running Bina could not do what it was asked, or none runs."""


class Control:
    """Answers one order per connection, a line of JSON each way."""

    def __init__(self, state: State, workers: Workers) -> None:
        self._path = state.run / NAME
        self._workers = workers
        self._server: asyncio.Server | None = None
        self._orders: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._accept, sock=listen(self._path))

    async def stop(self) -> None:
        """Listen no more, and break off what is under way: it would go on starting what is being ended."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for order in self._orders:
            order.cancel()
        await asyncio.gather(*self._orders, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer: dict[str, Any] = {"error": "Bina sedang dihentikan"}
        try:
            answer = await self._obey(json.loads(await reader.readline()))
        except (UnknownServiceError, ChildFailedError, OSError) as error:
            answer = {"error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            answer = {"error": f"perintah tidak terbaca: {error!r}"}
        finally:
            writer.write(json.dumps(answer).encode() + b"\n")
            writer.close()  # what was written leaves first

    async def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        service = str(order.get("service", ""))
        match order.get("do"):
            case "scale":
                await self._workers.scale(service, checked(service, int(order["workers"])))
            case "restart":
                checked(service, 1)
                await self._workers.restart(service)
            case other:
                return {"error": f"perintah {other!r} tidak dikenal"}
        return {}


def order(state: State, **what: object) -> None:
    """Have the running Bina do something and wait until it is done. Raises ControlError."""
    try:
        with connect(state.run / NAME, PATIENCE) as client:
            client.sendall(json.dumps(what).encode() + b"\n")
            answer = json.loads(client.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise ControlError("Bina tidak berjalan dari folder keadaan ini. Jalankan: bina up") from error
    if "error" in answer:
        raise ControlError(answer["error"])
