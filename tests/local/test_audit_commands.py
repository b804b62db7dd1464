"""`bina audit`: from the database and the broker as they are, or from a file and nothing else."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from click.testing import Result
from typer.testing import CliRunner

from bina.messaging import Runtime, Settings
from bina.messaging.cluster import Cluster
from bina.web.app import create_app
from bina_local import auditing, topics
from bina_local.auditing import told_on
from bina_local.cli import app as bina
from bina_local.commands import audit as commands
from bina_local.process import until
from messaging import toy
from web import auditing as audited_toy
from web.auditing import SECRET, Audited

SERVICE = replace(toy.service, name="evaluation")


@pytest_asyncio.fixture
async def audited(under_test, postgres):
    """A service that goes by evaluation's name."""
    service = await under_test(toy.service)
    url = service.engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, kafka="127.0.0.1:1", secret=SECRET)
    app = create_app(Runtime(SERVICE, settings), title="Contoh", api_routers=[audited_toy.api])
    made = Audited(app, service, postgres)
    yield made
    await app.state.runtime.engine.dispose()


class Server:
    """The tests' PostgreSQL, where evaluation's database has a name of its own."""

    def __init__(self, postgres, audited: Audited) -> None:
        self._postgres = postgres
        self._database = audited.service.engine.url.database

    async def connect(self, _service: str):
        return await self._postgres.connect(self._database)


@pytest.fixture
def server(postgres, audited: Audited) -> Server:
    return Server(postgres, audited)


async def ran(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, bina, ["audit", *words])


@pytest_asyncio.fixture
async def file(audited: Audited, server: Server, tmp_path: Path) -> Path:
    await audited.chain(2, 3)
    path = tmp_path / "evaluation.jsonl"
    exported = await auditing.export(server, "evaluation", path)
    assert (exported.blocks, exported.entries, exported.findings) == (2, 5, [])
    return path


async def test_a_file_is_verified_by_itself(file: Path):
    found = await ran("verify", str(file))
    assert found.exit_code == 0, found.output
    assert "5 catatan, 2 blok" in found.output


def with_another_value(file: Path) -> int:
    """Change one value of a file; gives its entry."""
    lines = file.read_text(encoding="utf-8").splitlines()
    place = next(n for n, line in enumerate(lines) if '"type": "entry"' in line)
    entry = json.loads(lines[place])
    value = next(v for v in entry["values"] if v["field"] == "0.after")
    value["value"] = value["value"].replace("Pegawai", "Pejabat")
    file.write_text("\n".join([*lines[:place], json.dumps(entry), *lines[place + 1 :]]), encoding="utf-8")
    return entry["entry"]["id"]


async def test_a_changed_file_is_refused_by_name(file: Path):
    changed = with_another_value(file)
    found = await ran("verify", str(file))
    assert found.exit_code == 1
    said = f'blok 1, catatan {changed}, isian "0.after": nilainya bukan yang dicatat'
    assert said in found.output


async def test_a_file_that_is_none_is_named_with_its_line(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"type": "begin", "service": "evaluation"}\n{"type": "entry"}\n', encoding="utf-8")
    found = await ran("verify", str(path))
    assert found.exit_code == 1
    assert "baris 2" in found.output


async def test_a_head_kept_elsewhere_shows_a_file_made_anew(audited: Audited, file: Path, server: Server):
    (_, first), (_, second) = await audited.anchors()
    assert (await ran("verify", str(file), "--head", f"2:{second}")).exit_code == 0
    assert (await ran("verify", str(file), "--head", f"2:{first}")).exit_code == 1
    beyond = await ran("verify", str(file), "--head", f"3:{second}")
    assert "ujung rantai terpotong" in beyond.output
    assert (await ran("verify", str(file), "--head", "dua")).exit_code == 2


async def test_what_is_neither_service_nor_file_is_named():
    found = await ran("verify", "evaluasi")
    assert found.exit_code == 2
    assert "evaluasi" in found.output


@pytest_asyncio.fixture
async def broker(kafka, audited: Audited) -> Cluster:
    await topics.ensure(kafka.cluster, topics.listed())
    return kafka.cluster


async def tell(broker: Cluster, anchors: list[tuple[int, str]], service: str = "evaluation") -> None:
    producer = AIOKafkaProducer(**broker.client())
    await producer.start()
    for number, digest in anchors:
        value = json.dumps({"service": service, "number": number, "entries": 1, "hash": digest}).encode()
        await producer.send_and_wait(f"{service}.audit", value, service.encode())
    await producer.stop()


@pytest.mark.kafka
async def test_the_running_service_seals_and_tells_each_block(
    audited: Audited, broker: Cluster, server: Server
):
    """Commands, sealer, relay and broker as they run; then the tail is cut off behind the service's back."""
    known = audited.app.state.settings.model_dump()
    told = Runtime(SERVICE, Settings(**known | broker.settings()))
    relay = asyncio.create_task(told.relay.run())
    sealer = asyncio.create_task(audited.sealer.run())

    async def verified():
        return await auditing.verify_service(server, "evaluation", lambda: told_on(broker, "evaluation"))

    try:
        for count in (1, 2):
            for _ in range(count):
                await audited.rename(uuid4(), "Ratna Dewi")

            async def all_told() -> bool:
                waiting = await audited.service.rows("SELECT FROM audit.unsealed")
                anchors = [anchor async for anchor in told_on(broker, "evaluation")]
                return not waiting and len(anchors) == len(await audited.anchors())

            await asyncio.wait_for(until(all_told), 60)
    finally:
        for task in (relay, sealer):
            task.cancel()
        await asyncio.wait([relay, sealer])
        await told.engine.dispose()
    found = await verified()
    assert (found.findings, found.entries, found.unsealed) == ([], 3, 0)
    assert found.blocks >= 2
    last = found.blocks
    await audited.tamper(
        f"DELETE FROM audit.entries WHERE id = ANY (SELECT unnest(entries) FROM audit.blocks WHERE number = {last})",
        "DELETE FROM audit.personal p WHERE NOT EXISTS (SELECT FROM audit.entries WHERE id = entry_id)",
        f"DELETE FROM audit.blocks WHERE number = {last}",
    )
    cut = await verified()
    assert [auditing.words_of(finding) for finding in cut.findings] == [
        f"blok {last}: blok ini tercatat di Kafka tetapi tidak ada lagi: ujung rantai terpotong"
    ]


@pytest.mark.kafka
async def test_what_is_sealed_while_it_is_verified_is_no_finding(
    audited: Audited, broker: Cluster, server: Server
):
    await audited.chain(1)

    async def told():
        await audited.chain(1)  # after the database was read
        for anchor in await audited.anchors():
            yield anchor

    assert (await auditing.verify_service(server, "evaluation", told)).findings == []


@pytest.mark.kafka
async def test_the_command_compares_with_the_broker(
    audited: Audited, broker: Cluster, server: Server, monkeypatch, tmp_path
):
    monkeypatch.setattr(commands, "_server", lambda _context: server)
    monkeypatch.setattr(
        commands, "opened", lambda _state: type("Context", (), {"kafka": broker, "addresses": None})
    )
    await audited.chain(1, 1)
    # a topic of its own: the broker is this file's
    await tell(broker, await audited.anchors(), "assessment")
    good = await ran("verify", "assessment")
    assert (good.exit_code, "2 catatan, 2 blok" in good.output) == (0, True)
    await tell(broker, [(2, "00" * 32)], "assessment")
    assert (await ran("verify", "assessment")).exit_code == 1
    assert (await ran("verify", "assessment", "--offline")).exit_code == 0
