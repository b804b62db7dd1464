"""`bina parked` against a service over HTTP: a real database, the service's own worker of orders, no broker."""

import asyncio
import getpass
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from bina.messaging import Runtime, Settings
from bina.messaging.testing import ServiceUnderTest
from bina.web.app import create_app
from bina_local.addresses import NOTE, PARTS
from bina_local.cli import app as bina
from bina_local.commands.parked import _discarded, _seen
from bina_local.context import Context
from bina_local.services import signing_secret
from bina_local.state import State
from messaging import toy
from messaging.facts import accepted, met

Bina = Callable[..., Awaitable[Result]]


@pytest_asyncio.fixture
async def service(under_test) -> ServiceUnderTest:
    return await under_test(toy.service)


@pytest_asyncio.fixture
async def folder(service: ServiceUnderTest, tmp_path: Path) -> AsyncIterator[Path]:
    """The state folder of a Bina whose evaluation is the toy service, serving, its orders worked off."""
    state = State.at(tmp_path)
    url = service.engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, kafka="127.0.0.1:1", secret=signing_secret(state))
    runtime = Runtime(replace(toy.service, name="evaluation"), settings)
    app = create_app(runtime, title="Contoh")
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error", ws="none"))
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(runtime._redrive())]
    while not server.started:  # noqa: ASYNC110 - uvicorn announces its start by this flag only
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    state.save(NOTE, dict.fromkeys(PARTS, port))
    yield tmp_path
    server.should_exit = True
    tasks[1].cancel()
    await asyncio.wait(tasks)
    await runtime.engine.dispose()


@pytest.fixture
def parked(folder: Path) -> Bina:
    """`await parked("groups")`: the command, for evaluation, in this folder."""

    async def run(*words: str) -> Result:
        options = ["--service", "evaluation", "--state", str(folder)]
        return await asyncio.to_thread(CliRunner().invoke, bina, ["parked", *words, *options])

    return run


async def fail(service: ServiceUnderTest, count: int) -> list[UUID]:
    """Acceptances that failed by a defect, mended since; one message follows behind each."""
    events = [accepted() for _ in range(count)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(*events, *(met(e.enrollment_id) for e in events))
    toy.failing.clear()
    return [e.enrollment_id for e in events]


async def test_a_group_is_found_and_redriven_with_a_report(service, parked):
    ids = await fail(service, 3)
    [group] = json.loads((await parked("groups", "--json")).stdout)
    shown = await parked("groups")
    done = await parked("redrive", "--group", group["cause"], "--rate", "1000")
    [job] = json.loads((await parked("jobs", "--json")).stdout)
    assert (group["count"], group["behind"], group["sentence"]) == (3, 3, "cannot take #")
    assert "Pesan yang diparkir, menurut sebab" in shown.stdout
    assert done.exit_code == 0, done.output
    assert "3 dari 3 pesan dicoba, 3 berlaku, 0 gagal lagi" in done.stdout
    assert (job["state"], job["others_applied"], job["per_second"]) == ("done", 3, 1000)
    assert {
        row.enrollment_id for row in await service.rows("SELECT * FROM seats WHERE history = 'am'")
    } == set(ids)


async def test_one_key_is_redriven_in_order_and_what_fails_again_ends_with_one(service, parked):
    bad, good = await fail(service, 2)
    toy.failing.add(bad)
    failed = await parked("redrive", "--key", "enrollment.enrollments", str(bad), "--json")
    toy.failing.clear()
    one = json.loads((await parked("list", "--key", "enrollment.enrollments", str(good), "--json")).stdout)
    message = await parked("redrive", str(one[0]["id"]))
    assert (failed.exit_code, json.loads(failed.stdout)["failed"]) == (1, 1)
    assert (message.exit_code, len(one)) == (0, 1)
    assert [row.enrollment_id for row in await service.rows("SELECT * FROM seats")] == [good]


async def test_an_order_is_given_without_waiting_and_stopped(service, parked):
    await fail(service, 3)
    given = json.loads((await parked("redrive", "--all", "--rate", "1", "--detach", "--json")).stdout)
    stopped = await parked("jobs", str(given["id"]), "--cancel")
    again = await parked("jobs", str(given["id"]), "--cancel")
    assert f"Pengulangan {given['id']} dihentikan" in stopped.stdout
    assert "Pengulangan ini sudah berakhir. Lihat laporannya." in again.output
    assert again.exit_code == 1


async def test_a_group_is_discarded_for_a_reason_that_is_listed(service, parked):
    await fail(service, 2)
    [group] = json.loads((await parked("groups", "--json")).stdout)
    short = await parked("discard", "--group", group["cause"], "--reason", "uji")
    done = await parked("discard", "--group", group["cause"], "--reason", "Data uji vendor")
    listed = json.loads((await parked("list", "--discarded", "--json")).stdout)
    assert (short.exit_code, done.exit_code) == (1, 0)
    assert "2 pesan dibuang" in done.stdout
    assert {(row["discard_reason"], row["discarded_by"]) for row in listed} == {
        ("Data uji vendor", f"bina ({getpass.getuser()})")
    }
    assert {row.history for row in await service.rows("SELECT history FROM seats")} == {"m"}


async def test_what_comes_while_a_group_is_discarded_stays(service, parked, folder):
    context = Context.of(folder)
    await fail(service, 2)
    [group] = json.loads((await parked("groups", "--json")).stdout)
    path, seen = (
        f"ops/parked/groups/{group['cause']}/discard",
        await _seen(context, "evaluation", group["cause"]),
    )
    await fail(service, 1)
    assert await _discarded(context, "evaluation", path, {"reason": "Data uji vendor"} | seen) == 2
    [left] = json.loads((await parked("groups", "--json")).stdout)
    assert (left["cause"], left["count"]) == (group["cause"], 1)


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["redrive"], "Lihat: bina parked groups"),
        (["redrive", "7", "--all"], "Lihat: bina parked groups"),
        (["redrive", "7"], "Muat ulang daftarnya"),
        (["discard", "--reason", "Data uji"], "Sebutkan satu"),
        (["discard", "7", "--reason", "Data uji"], "mungkin sudah diproses"),
        (["jobs", "--cancel"], "Lihat: bina parked jobs"),
        (["jobs", "7"], "lihat daftar pengulangan"),
    ],
)
async def test_what_cannot_be_done_says_how_to_mend_it(parked, words, mend):
    answer = await parked(*words)
    assert answer.exit_code == 1
    assert mend in answer.output
