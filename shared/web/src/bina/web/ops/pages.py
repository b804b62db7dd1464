"""`/<service>/ops` for people."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.messaging.parked import EVERY, Choice, Group
from bina.messaging.redrives import PER_SECOND, Redrive
from bina.web.audit import OthersRecords
from bina.web.commands import FormCommand, PageCommand
from bina.web.formats import number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.live.subjects import Stream, Subject, watch
from bina.web.masking import masked_in
from bina.web.ops import doing
from bina.web.ops.doing import MOST_PER_SECOND, Operator, Watcher, runtime_of
from bina.web.ops.subjects import ALL_REDRIVES, GROUPS, METRICS, REDRIVES
from bina.web.pages import shell_pages
from bina.web.tables import Column, Format, Key, Table, export

_DAMAGED = frozenset({
    "json.invalid", "content.nul", "envelope.missing", "envelope.invalid",
    "header.encoding", "header.nul", "id.conflict", "key.invalid", "key.mismatch",
})  # fmt: skip
"""Causes that lie in the message's own bytes: trying again reads the same bytes again."""
PAGE = 50
NEWEST = 2**62
CausePath = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
HeldId = Annotated[int, Path(ge=0, le=NEWEST)]
From = Annotated[int, Query(ge=0, le=NEWEST)]
State = Literal["parked", "waiting", "discarded"]


def page_router(service: str) -> APIRouter:
    """Every page of operations."""
    routes = APIRouter()
    home = f"/{service}/ops"
    _overview(routes, home)
    _messages(routes, home)
    _groups(routes, home)
    _redrives(routes, home)
    return routes


def _overview(routes: APIRouter, home: str) -> None:
    @routes.get(home)
    async def overview(request: Request, _person: Watcher) -> Response:
        table = _groups_table(request)
        asked = table.asked(request)
        stream = await _watch(request, METRICS, "all")
        status = await runtime_of(request).status()
        async with runtime_of(request).sessions() as session:
            groups = await asked.page(session, doing.groups_held(), PAGE)
        jobs = await doing.find_redrives(request, limit=5)
        return _render(
            request,
            "overview",
            home,
            stream=stream,
            status=status,
            groups=table.shown(request, asked, groups, files=f"{home}/kelompok"),
            jobs=jobs,
            clocks=_clocks(),
        )

    @routes.get(home + "/kelompok.{form}")
    async def groups_file(request: Request, _person: Watcher, form: Format) -> Response:
        return await export(request, _groups_table(request), doing.groups_held(), form)

    @routes.post(home + "/ulangi")
    async def redrive_all(person: Operator, command: PageCommand) -> Response:
        return await _order(command, home, EVERY, person)

    @routes.get(home + "/dibuang")
    async def discarded(
        request: Request, _person: Watcher, reads: OthersRecords, setelah: From = 0
    ) -> Response:
        found = await doing.find_messages(request, EVERY, state="discarded", after=setelah, limit=PAGE + 1)
        await reads.of((), things=[held.id for held in found[:PAGE]])
        return _render(request, "discarded", home, **_paged(found, setelah))


def _groups_table(request: Request) -> Table[Group]:
    states = {"parked": _("diparkir"), "waiting": _("menunggu")}
    columns: list[Column[Group]] = [
        Column("sebab", _("Sebab"), lambda group: f"{group.code}: {masked_in(group.sentence)}"),
        Column("keadaan", _("Keadaan"), lambda group: states[group.state]),
        Column("pesan", _("Pesan"), lambda group: group.count, [Key("count", "bigint")], number=True, descending=True),
        Column("mengantre", _("Mengantre"), lambda group: group.behind, number=True),
        Column("pertama", _("Pertama"), lambda group: group.first_seen, [Key("first_seen", "timestamptz")]),
        Column("terakhir", _("Terakhir"), lambda group: group.last_seen, [Key("last_seen", "timestamptz")], descending=True),
        Column("contoh", _("Contoh"), lambda group: group.sample),
        Column("topik", _("Topik"), lambda group: group.topic, on_page=False),
        Column("tipe", _("Tipe"), lambda group: group.type, on_page=False),
    ]  # fmt: skip
    name = f"pesan-tertahan-{runtime_of(request).service.name}"
    return Table(name, columns, id=Key("sample", "bigint"), default="pesan")


def _messages(routes: APIRouter, home: str) -> None:
    @routes.get(home + "/gagal/{held_id}")
    async def show(request: Request, held_id: HeldId, _person: Watcher, reads: OthersRecords) -> Response:
        held = await doing.load_message(request, held_id)
        await reads.of((), things=[held_id])
        headers = [(name, masked_in(value)) for name, value in sorted(held.headers.items())]
        return _render(request, "held", home, held=held, headers=headers, damaged=held.code in _DAMAGED)

    @routes.post(home + "/gagal/{held_id}/ulangi")
    async def redrive(held_id: HeldId, person: Operator, command: PageCommand) -> Response:
        held = await doing.load_message(command.request, held_id)
        whole = command.text("scope") == "key"
        choice = Choice(topic=held.topic, key=held.key) if whole else Choice(message=held_id)
        return await _order(command, home, choice, person)

    @routes.post(home + "/gagal/{held_id}/buang")
    async def discard(held_id: HeldId, person: Operator, command: PageCommand) -> Response:
        await doing.load_message(command.request, held_id)
        return await _discard(command, home, Choice(message=held_id), person)


def _groups(routes: APIRouter, home: str) -> None:
    @routes.get(home + "/kelompok/{cause}")
    async def show(
        request: Request,
        cause: CausePath,
        _person: Watcher,
        reads: OthersRecords,
        *,
        keadaan: State = "parked",
        setelah: From = 0,
    ) -> Response:
        stream = await _watch(request, GROUPS, cause)
        group = await doing.load_group(request, cause, keadaan)
        sample = await doing.load_message(request, group.sample)
        found = await doing.find_messages(
            request, Choice(cause=cause), state=keadaan, after=setelah, limit=PAGE + 1
        )
        await reads.of((), things=[sample.id, *(held.id for held in found[:PAGE])])
        damaged = group.code in _DAMAGED
        context = {"group": group, "sample": sample, "damaged": damaged, **_paged(found, setelah)}
        return _render(request, "group", home, stream=stream, **context)

    @routes.post(home + "/kelompok/{cause}/ulangi")
    async def redrive(cause: CausePath, person: Operator, command: PageCommand) -> Response:
        return await _order(command, home, Choice(cause=cause), person)

    @routes.post(home + "/kelompok/{cause}/buang")
    async def discard(cause: CausePath, person: Operator, command: PageCommand) -> Response:
        return await _discard(command, home, Choice(cause=cause), person)


def _redrives(routes: APIRouter, home: str) -> None:
    @routes.get(home + "/pengulangan")
    async def list_redrives(request: Request, _person: Watcher, sebelum: From | None = None) -> Response:
        stream = await _watch(request, ALL_REDRIVES, "all")
        found = await doing.find_redrives(request, before=sebelum, limit=PAGE + 1)
        more = found[PAGE - 1].id if len(found) > PAGE else 0
        context = {"jobs": found[:PAGE], "first": sebelum is not None, "next": more}
        return _render(request, "redrives", home, stream=stream, **context)

    @routes.get(home + "/pengulangan/{redrive_id}")
    async def show(request: Request, redrive_id: HeldId, _person: Watcher) -> Response:
        stream = await _watch(request, REDRIVES, redrive_id)
        job = await doing.load_redrive(request, redrive_id)
        return _render(request, "redrive", home, job=job, stream=stream if job.state == "running" else None)

    @routes.post(home + "/pengulangan/{redrive_id}/hentikan")
    async def cancel(redrive_id: HeldId, person: Operator, command: PageCommand) -> Response:
        async def effect(session: AsyncSession) -> str:
            await doing.cancel(session, redrive_id, person)
            return f"{home}/pengulangan/{redrive_id}"

        return await command.redirect(effect, done=_("Pengulangan dihentikan; sisanya tetap diparkir."))


async def _order(command: FormCommand, home: str, choice: Choice, person: Operator) -> Response:
    rate = command.text("per_second")

    async def effect(session: AsyncSession) -> str:
        per_second = int(rate) if rate.isascii() and rate.isdigit() and len(rate) < 10 else 0
        return f"{home}/pengulangan/{(await doing.order(session, choice, per_second, person)).id}"

    return await command.redirect(effect)


async def _discard(command: FormCommand, home: str, choice: Choice, person: Operator) -> Response:
    seen = command.text("newest")
    newest = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else NEWEST

    async def effect(session: AsyncSession) -> str:
        done = await doing.discard(session, choice, command.text("reason"), newest, person)
        return f"{home}/kelompok/{choice.cause}" if done.left else home  # the group tells what is left of it

    answer = await command.redirect(effect, done=_("Pesan dibuang; alasannya tersimpan."))
    await runtime_of(command.request).sweep()
    return answer


async def _watch(request: Request, subject: Subject, key: object) -> Stream | None:
    async with runtime_of(request).sessions() as session:
        return await watch(request, session, {subject: [key]})


def _render(request: Request, name: str, home: str, **context: Any) -> Response:
    return shell_pages(request).render(
        request,
        f"ops/{name}.html",
        home=home,
        rate=PER_SECOND,
        most_per_second=MOST_PER_SECOND,
        chosen=_chosen,
        **context,
    )


def _paged(found: list[Any], after: int) -> dict[str, Any]:
    more = found[PAGE - 1].id if len(found) > PAGE else 0
    return {"messages": found[:PAGE], "first": after > 0, "next": more}


def _chosen(job: Redrive) -> str:
    """What an order tries again, in words."""
    match job.choice:
        case {"message": message}:
            return _("Pesan %(number)s") % {"number": message}
        case {"cause": _cause}:
            return counted("Satu kelompok, %(n)s pesan", job.total) % {"n": number(job.total)}
        case {"key": key}:
            return _("Kunci %(key)s") % {"key": masked_in(str(key))}
    return counted("Semua yang diparkir, %(n)s pesan", job.total) % {"n": number(job.total)}


@dataclass(frozen=True)
class Clocks:
    """Wall time, in which operations are told, beside business time, which a demonstration may move."""

    wall: datetime
    business: datetime

    @property
    def apart(self) -> bool:
        """Whether they differ by a minute or more."""
        return abs((self.business - self.wall).total_seconds()) >= 60


def _clocks() -> Clocks:
    return Clocks(datetime.now(UTC), clock.now())
