"""`bina import` against the service over HTTP: a real database, due work done beside, no broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from bina_local.addresses import NOTE, PARTS
from bina_local.cli import app as bina
from bina_local.services import signing_secret
from bina_local.state import State

from .importing import Importing
from .imports.sample_world import SAMPLES
from .test_import_applying import CITY, FREE, enrolments
from .test_import_full_lists import OURS, STAYING, listing


@pytest_asyncio.fixture
async def folder(importing: Importing, tmp_path: Path) -> AsyncIterator[Path]:
    """The state folder of a Bina whose enrollment is the samples' world."""
    state, app = State.at(tmp_path), importing.site.app
    told = {"secret": signing_secret(state)}
    app.state.settings = app.state.settings.model_copy(update=told)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error", ws="none"))
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(_due(importing))]
    while not server.started:  # noqa: ASYNC110 - uvicorn announces its start by this flag only
        await asyncio.sleep(0)
    state.save(NOTE, dict.fromkeys(PARTS, server.servers[0].sockets[0].getsockname()[1]))
    yield tmp_path
    server.should_exit = True
    tasks[1].cancel()
    await asyncio.wait(tasks)


async def _due(importing: Importing) -> None:
    while True:
        await importing.works()
        await asyncio.sleep(0.05)


async def ran(folder: Path, *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, bina, ["import", *words, "--state", str(folder)])


async def test_a_check_tells_what_is_expected_of_a_sample(folder: Path):
    sample = SAMPLES / "kelulusan_kop_surat.xlsx"
    expected = json.loads((SAMPLES / f"{sample.name}.expected.json").read_text("utf-8"))
    words = ("check", str(sample), "--kind", "kelulusan", "--agency", expected["uploader_agency"], "--json")
    found = await ran(folder, *words)
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    alike = ("kind", "uploader_agency", "detected", "rows_total", "accepted", "warned", "refused")
    assert {name: told[name] for name in alike} == {name: expected[name] for name in alike}
    names = ("row", "column", "code", "severity")
    assert sorted([str(p[n]) for n in names] for p in told["problems"]) == sorted(
        [str(p[n]) for n in names] for p in expected["problems"]
    )


async def test_a_file_is_applied_and_undone(folder: Path, tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_bytes(enrolments(*FREE[:2]))
    done = await ran(folder, "apply", str(file), "--kind", "pendaftaran", "--agency", CITY)
    assert done.exit_code == 0, done.output
    assert "applied: 2 diterapkan" in done.output
    undone = await ran(folder, "undo", done.output.split()[-1], "--json")
    assert undone.exit_code == 0, undone.output
    assert json.loads(undone.output)["undone"] == 2
    again = await ran(folder, "undo", done.output.split()[-1])
    assert again.exit_code == 1


async def test_a_file_that_cannot_be_read_is_told_as_such(folder: Path, tmp_path: Path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"%PDF-1.7")
    words = ("check", str(file), "--kind", "pegawai", "--agency", CITY, "--json")
    told = json.loads((await ran(folder, *words)).output)
    assert (told["rows_total"], [problem["code"] for problem in told["problems"]]) == (0, ["file.unreadable"])
    refused = await ran(folder, "apply", str(file), "--kind", "pegawai", "--agency", CITY)
    assert refused.exit_code == 1


async def test_a_full_list_is_applied_by_the_number_of_those_who_leave(folder: Path, tmp_path: Path):
    file = tmp_path / "semua.csv"
    file.write_bytes(listing(*STAYING[:6]))
    words = ("check", str(file), "--kind", "pegawai", "--agency", CITY)
    found = await ran(folder, *words, "--replace")
    assert f"6 dari {len(OURS)} pegawai tidak ada di berkas dan akan keluar." in " ".join(
        found.output.split()
    )
    told = json.loads((await ran(folder, *words, "--replace", "--json")).output)
    assert (told["removed"], told["employed"], told["unread"]) == (6, len(OURS), 0)
    assert "removed" not in json.loads((await ran(folder, *words, "--json")).output)
    assert (await ran(folder, "apply", told["id"])).exit_code == 1
    done = await ran(folder, "apply", told["id"], "--removals", "6")
    assert done.exit_code == 0, done.output
    assert "applied: 6 diterapkan" in done.output
