"""The given facts, played through the public doors into a real enrollment, judge the sample files as promised."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bina_local.access import open_to
from bina_local.addresses import Addresses
from bina_local.business_clock import read_clock
from bina_local.commands.welcome import lines
from bina_local.context import Context
from bina_local.demo import PEOPLE
from bina_local.demo.facts import agencies, facts
from bina_local.demo.load import NOTE, play, sign_ins
from bina_local.demo.load_changes import HOME, change
from bina_local.demo.load_chapters import Span, chapters, ends, spans
from bina_local.demo.load_doors import Doors
from bina_local.demo.load_enrolling import Post, turns
from bina_local.demo.model import World
from bina_local.demo.world import grow, grow_given
from bina_local.principals import BrokerServer
from bina_local.process import Child, run_until_ready
from bina_local.publication import Answer, answers, requests_of, send
from bina_local.services import ready, service
from bina_local.state import State
from enrollment.imports import Sheet, check, kind_of, read
from parts import state_with

SAMPLES = Path(__file__).parents[2] / "samples"
WIB = ZoneInfo("Asia/Jakarta")
Found = Counter[tuple[int | None, str | None, str, str]]


@pytest.fixture(scope="module")
def world() -> World:
    return grow()


def test_every_step_is_in_one_chapter_and_none_is_left(world: World) -> None:
    cut = chapters(world)
    assert [step for chapter in cut for step in chapter.steps] == list(world.steps)
    assert all(step.date <= chapter.until.date() for chapter in cut for step in chapter.steps)
    assert [c.following for c in cut[:-1]] == [c.until for c in cut[1:]]
    assert cut[-1].until == datetime(2026, 11, 20, 8, tzinfo=WIB)
    assert not cut[-1].steps
    assert len(cut) <= 40


def test_a_chapter_ends_before_each_run_begins_and_while_reactions_are_asked_for(world: World) -> None:
    days = [chapter.until.date() for chapter in chapters(world)]
    missed = [span for span in spans(world) if not any(span.first <= day <= span.last for day in days)]
    assert missed == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], [date(2026, 1, 15), date(2026, 1, 26), date(2026, 1, 29)]),
        (
            [Span(date(2026, 1, 3), date(2026, 1, 9)), Span(date(2026, 1, 8), date(2026, 1, 12))],
            [date(2026, 1, 9), date(2026, 1, 23), date(2026, 1, 26), date(2026, 1, 29)],
        ),
    ],
)
def test_chapters_are_as_few_as_the_spans_allow(wanted: list[Span], expected: list[date]) -> None:
    assert ends(wanted, date(2026, 1, 1), date(2026, 1, 30), 14) == expected


def test_whoever_waits_in_the_plan_asks_after_those_with_a_seat(world: World) -> None:
    quota = {run.code: run.quota for run in world.runs}
    seated = Counter(request.run for request, turn in turns(world).items() if turn == 0)
    assert all(count <= quota[run] for run, count in seated.items())
    rounds = Post(world).rounds(world.steps)
    place = {
        (e.event.key, e.event.type, getattr(e.event, "run_code", "")): n
        for n, r in enumerate(rounds)
        for e in r
    }
    first = {(request.nip, request.run): turn for request, turn in turns(world).items()}
    assert {
        place[nip, "enrollment.requested.v1", run] for (nip, run), turn in first.items() if turn == 2
    } == {2}
    ids = [event.id for events in rounds for event in events]
    assert len(ids) == len(set(ids))


def test_the_welcome_names_whom_to_sign_in_as(world: World, tmp_path: Path) -> None:
    state = State.at(tmp_path)
    addresses = Addresses({"gateway": 8080})
    empty = "\n".join(lines(addresses, state))
    assert "Tekan Masuk" not in empty
    state.save(PEOPLE, {"people": sign_ins(world)})
    full = lines(addresses, state)
    assert full[0] == "[bold]http://127.0.0.1:8080[/]"
    assert all(any(account.shows in line for line in full) for account in world.accounts)
    assert max(len(row) for line in full for row in line.splitlines()) <= 76


@pytest_asyncio.fixture(scope="module")
async def given(platform_folder: Path, kafka: Any, postgres: Any) -> AsyncIterator[Context]:
    """Enrollment alone, with the given facts as they stand on the world's day."""
    state = state_with(kafka, platform_folder / "given")
    chosen = Addresses.choose(state)
    addresses = Addresses({**chosen.ports, "kafka": kafka.port})
    await open_to(
        kafka.bootstrap,
        BrokerServer(state.secrets, kafka.port).password,
        [agency.code for agency in agencies()],
    )
    await postgres.ensure_database("enrollment")
    child = Child(service(state, addresses, postgres, "enrollment"), state)
    await run_until_ready(child, ready(addresses.ports["enrollment"]), 120)
    context = Context(state, addresses)
    world = grow_given()
    for _ in range(2):  # a load that broke off before its first chapter was noted is simply run again
        await play(context, world, chapters(world, longest_days=366), lambda *_: None, ("enrollment",))
        state.save(NOTE, {})
    yield context
    await child.stop()


@pytest.mark.kafka
async def test_the_given_facts_hold(given: Context) -> None:
    async with Doors.open(given, "questions", ("enrollment",)) as doors:
        listed = (await doors.ask("enrollment", "runs", limit=1000))["items"]
        seats = (await doors.ask("enrollment", "enrolments", limit=1000))["items"]
        people = (await doors.ask("enrollment", "asn", limit=1000))["items"]
    runs = {run["code"]: (run["organiser"], run["seats"], run["taken"], run["status"]) for run in listed}
    assert runs == {r["code"]: (r["agency"], r["quota"], r["enrolled"], r["status"]) for r in facts()["runs"]}
    assert {p["nip"] for p in people} == {row["nip"] for row in facts()["asn"]}
    given_seats = Counter((row["nip"], row["run"]) for row in facts()["enrolments"])
    assert Counter((row["nip"], row["run_code"]) for row in seats) == given_seats
    results = {(r["nip"], r["run_code"]): r for r in seats if r["completed_on"]}
    assert results.keys() == {(row["nip"], row["run"]) for row in facts()["results"]}
    for row in facts()["results"]:
        result = results[row["nip"], row["run"]]
        told = [
            result[name] for name in ("completed_on", "jp", "pre_score", "post_score", "certificate_number")
        ]
        assert told == [row[name] for name in ("completed_on", "jp", "pre", "post", "certificate")]


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("name", "agency"),
    [
        ("pendaftaran_utf16_tab.txt", "5508"),
        ("kelulusan_windows1252.csv", "5571"),
        ("kelulusan_kop_surat.xlsx", "5508"),
    ],
)
async def test_publishing_a_sample_finds_what_it_promises(given: Context, name: str, agency: str) -> None:
    expected = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    found, accepted = await published(given, agency, name, (SAMPLES / name).read_bytes())
    assert found == Counter((p["row"], p["column"], p["code"], p["severity"]) for p in expected["problems"])
    assert accepted == expected["accepted"]


async def published(given: Context, agency: str, name: str, content: bytes) -> tuple[Found, int]:
    """Every problem of a file, found here or answered, and how many rows were taken."""
    clock, cluster = await read_clock(given.kafka), given.kafka_of(agency)
    sheet = read(content, name)
    assert isinstance(sheet, Sheet)
    checked = check(sheet, kind_of(sheet), clock.now().astimezone(WIB).date())
    requests = requests_of(checked.rows, agency, content)
    got: dict[str, Answer] = {}
    await send(cluster, agency, requests, clock.now())
    await answers(cluster, agency, {request.id for request in requests}, got, lambda _: None)
    found = {(p.row, p.column, p.code, p.severity) for p in checked.problems}
    for request in requests:
        found |= {(request.row, p.column or None, p.code, p.severity) for p in got[request.id].problems}
    return Counter(found), sum(answer.outcome != "refused" for answer in got.values())


@pytest.mark.kafka
async def test_people_move_numbers_change_and_files_wait_once(given: Context) -> None:
    async with Doors.open(given, "changes", ("enrollment",)) as doors:
        for _ in range(2):
            await change(doors, grow_given())
        asked = (await doors.ask("enrollment", "transfers", asked=True))["items"]
        files = (await doors.ask("enrollment", "imports"))["items"]
        now = (await doors.ask("enrollment", "asn", limit=1000))["items"]
    assert {one["agency_code"]: one["state"] for one in asked} == {HOME: "accepted", "5500": "open"}
    assert len({p["nip"] for p in now} - {row["nip"] for row in facts()["asn"]}) == 1
    planned = {one["kind"]: (one["added"], one["unchanged"], one["removed"]) for one in files}
    assert (len(files), planned["pendaftaran"]) == (2, (0, 1, 1))  # who stays is known by the NIP of now
    assert {one["kind"]: one["state"] for one in files}["pendaftaran"] == "checked"
