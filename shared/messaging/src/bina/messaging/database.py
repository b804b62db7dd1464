"""Connections to the service's own database, set so that a frozen process gives up its locks."""

import asyncio
import contextlib
import re
import socket
import weakref
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast, overload

import asyncpg
from sqlalchemy import DateTime, ExceptionContext, TextClause, bindparam, event, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncDialect  # noqa: N812 - it is a class
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, InternalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
KEEPALIVES = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
SERVER_SETTINGS = {
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "60s",
    **KEEPALIVES,
    "jit": "off",
    "timezone": "UTC",
}

MOST_CONNECTIONS = 10
"""Of one worker at once, besides those that hear and relay."""
TRANSIENT_CLASSES = ("08", "40", "53", "57", "58")
TRANSIENT_STATES = ("55P03", "25P03", "25P04")

_DIALECT = AsyncDialect()  # type: ignore[no-untyped-call]
_PARAMETER = re.compile(r"\$(\d+)")
_VALUES = re.compile(r"\nDETAIL:  .*|(invalid input for query argument \$\d+).*", re.DOTALL)

# The same from our side: a server that vanished without a word is given up within half a minute. The names are the
# system's; where it lacks one, its own figure stays.
_OUR_KEEPALIVES = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}


class LiveConnection(asyncpg.Connection):
    """A connection whose socket notices when the other end is gone."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        keep_alive(transport.get_extra_info("socket"))


def keep_alive(connected: Any) -> None:
    """Set TCP keepalives on a connected socket; others (Unix) stay as they are."""
    if connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OUR_KEEPALIVES.items():
        if (option := getattr(socket, name, None)) is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)


async def connect(dsn: str, name: str) -> LiveConnection:
    """One connection outside the pool for whoever speaks at least every ten seconds; it holds a lock, so a silent
    one is ended by the server. `name` is what the server's list of connections shows."""
    # The first of these two holds between transactions alone, the second within one.
    silence = {"idle_session_timeout": "10s", "idle_in_transaction_session_timeout": "10s"}
    settings = {**KEEPALIVES, **silence, "application_name": name}
    return await asyncpg.connect(
        dsn, server_settings=settings, timeout=10, command_timeout=30, connection_class=LiveConnection
    )


def create_engine(url: str, *, kept: int = MOST_CONNECTIONS) -> AsyncEngine:
    """Engine of the service's own role. Its errors name no values: they end in logs and beside held messages.

    Of its connections so many stay open once they were needed: each new one costs the server a process, a password's
    proof and every statement's plan.
    """
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=kept,
        max_overflow=MOST_CONNECTIONS - kept,
        pool_use_lifo=True,  # one in use goes on: its server's process has plans and pages at hand
        connect_args={
            "server_settings": SERVER_SETTINGS,
            "timeout": 10,
            "connection_class": LiveConnection,
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _keep_silent)
    return engine


def _refuse_closed(connection: Any, *_: Any) -> None:
    """Have the pool make a connection anew that the server has ended. A ping would ask it four questions first."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server has closed this connection")


def _keep_silent(context: ExceptionContext) -> None:
    """Take the values out of an error and of all that it came from."""
    error: BaseException | None = context.sqlalchemy_exception or context.original_exception
    while error is not None:
        silence(error)
        error = getattr(error, "orig", None) or error.__cause__


def silence(error: BaseException) -> None:
    """Take the values of rows and parameters out of an error: the server names them in its DETAIL, the driver where
    a parameter is not of its column's type."""
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    if isinstance(error, asyncpg.DataError):
        error.__cause__ = None
    if error.args and isinstance(error.args[0], str):
        error.args = (_VALUES.sub(r"\1", error.args[0]), *error.args[1:])


class Session(AsyncSession):
    """A session whose SQL text goes to the driver by the shortest way, in a third of the time that SQLAlchemy adds.
    Errors are the driver's own and name no values; `rowcount` is not known."""

    async def execute(self, asked: Any, values: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Ask what is given as text with one set of values by oneself, have SQLAlchemy ask all else."""
        if options or isinstance(values, list | tuple) or not isinstance(asked, TextClause):
            return await super().execute(asked, values, **options)
        sql, names = _compiled(asked)
        rows = await self.fetch(sql, *[values[name] for name in names])
        return IteratorResult(_described(tuple(rows[0].keys())) if rows else _NO_ROWS, iter(rows))

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Ask in the driver's own form."""
        connection = await driver(self)
        try:
            return cast("list[asyncpg.Record]", await connection.fetch(sql, *values))
        except BaseException as error:
            await self._failed(connection, error)
            raise

    async def _failed(self, connection: "asyncpg.Connection[Any]", error: BaseException) -> None:
        silence(error)
        if isinstance(error, asyncpg.InvalidCachedStatementError):
            used: Any = await (await self.connection()).get_raw_connection()
            used._pool._invalidate(used, _checkin=False)  # noqa: SLF001 - all have prepared what a migration changed
        if connection.is_closed() or not isinstance(error, Exception):
            await (
                await self.connection()
            ).invalidate()  # its end would be asked of it, and might not be known

    async def scalar(self, asked: Any, values: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """The first row's first value; None without a row."""
        return (await self.execute(asked, values, **options)).scalar()

    async def scalars(self, asked: Any, values: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Each row's first value."""
        return (await self.execute(asked, values, **options)).scalars()


_described = lru_cache(maxsize=1000)(SimpleResultMetaData)
_NO_ROWS = SimpleResultMetaData(("nothing",))


@lru_cache(maxsize=1000)
def _compiled(asked: TextClause) -> tuple[str, tuple[str, ...]]:
    """The driver's own form of it, and its parameters in their order."""
    compiled = asked.compile(dialect=_DIALECT)
    return str(compiled), tuple(compiled.positiontup or ())


class Question(NamedTuple, Generic[A]):
    """What is asked of the database, and what its rows come to: tuples of its columns.

    Columns are of built-in types, of arrays only text[]: to the driver the rows are records that nobody described.
    """

    asked: TextClause
    values: dict[str, Any]
    read: Callable[[Iterable[Sequence[Any]]], A]


@overload
async def together(session: AsyncSession, one: Question[A], /) -> tuple[A]: ...
@overload
async def together(session: AsyncSession, one: Question[A], two: Question[B], /) -> tuple[A, B]: ...
@overload
async def together(
    session: AsyncSession, one: Question[A], two: Question[B], three: Question[C], /
) -> tuple[A, B, C]: ...
async def together(session: AsyncSession, *questions: Question[Any]) -> tuple[Any, ...]:
    """Ask several questions, in the time that one takes; gives their answers.

    Rows are locked in the questions' order. What is locked comes as it is once it is locked; all else, and which rows
    there are, as when the first began: what must be read after a lock is asked for by itself. What writes cannot be
    asked so.
    """
    sql, names = _joined(tuple(question.asked for question in questions))
    rows = await cast("Session", session).fetch(
        sql, *[questions[place].values[name] for place, name in names]
    )
    found = {place: [row for _, row in group] for place, group in groupby(rows, itemgetter(0))}
    return tuple(question.read(found.get(place, ())) for place, question in enumerate(questions))


@lru_cache(maxsize=1000)
def _joined(asked: tuple[TextClause, ...]) -> tuple[str, list[tuple[int, str]]]:
    """One question of several: each row is a question's place and its own row; and the parameters in their order."""
    names: list[tuple[int, str]] = []
    parts = []
    for place, (sql, own) in enumerate(map(_compiled, asked)):
        parts.append(_counted_from(len(names), sql))
        names += [(place, name) for name in own]
    asking = ", ".join(f"q{place} AS MATERIALIZED ({part})" for place, part in enumerate(parts))
    answers = " UNION ALL ".join(_answer(place) for place in range(len(parts)))
    return f"WITH {asking} {answers}", names


def _answer(place: int) -> str:
    return f"SELECT {place}, ROW(q{place}.*) FROM q{place}"  # noqa: S608 - numbers


def _counted_from(before: int, sql: str) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + before}", sql)


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions whose rows stay readable after commit."""
    return async_sessionmaker(engine, class_=Session, expire_on_commit=False)


def statement(sql: str, *times: str) -> TextClause:
    """SQL text; `times` names its scalar timestamptz parameters (lists need no such help)."""
    return text(sql).bindparams(*(bindparam(name, type_=DateTime(timezone=True)) for name in times))


def columns(rows: Iterable[Any], *names: str) -> dict[str, list[Any]]:
    """Turn rows into parameters for `unnest`: one list per named attribute."""
    taken = list(rows)
    return {name: [getattr(row, name) for row in taken] for name in names}


async def driver(session: AsyncSession) -> "asyncpg.Connection[Any]":
    """The driver under a session, in its transaction or savepoint. Its errors are its own."""
    within, known = session.info.get("driver", (_nothing, None))
    if known is None or within() is not _innermost(session):
        known = await _begun(session)
        session.info["driver"] = weakref.ref(_innermost(session)), known
    return cast("asyncpg.Connection[Any]", known)


def _nothing() -> None:
    """What a weak reference gives that points to nothing any more."""


def _innermost(session: AsyncSession) -> Any:
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()


async def _begun(session: AsyncSession) -> Any:
    """The connection, which thereby joins the savepoint; SQLAlchemy begins with the first question that it asks, and
    ends only what it knows of."""
    connection = await session.connection()
    pooled: Any = await connection.get_raw_connection()
    if pooled.dbapi_connection._transaction is None:  # noqa: SLF001 - no other way without a question more
        asked = {name: getattr(pooled.dbapi_connection, name) for name in ("readonly", "deferrable")}
        isolation = pooled.dbapi_connection.isolation_level
        transaction = pooled.driver_connection.transaction(isolation=isolation, **asked)
        try:
            await transaction.start()
        except BaseException:
            await connection.invalidate()  # who is cancelled does not know whether it has begun
            raise
        pooled.dbapi_connection._transaction = transaction  # noqa: SLF001
    return pooled.driver_connection


async def meanwhile(asked: Coroutine[Any, Any, A], work: Callable[[], B]) -> tuple[A, B]:
    """Do Python's work while the database does its own; gives what both led to."""
    task = asyncio.create_task(asked)
    try:
        await asyncio.sleep(0)  # the question goes out
        done = work()
    except BaseException:
        with contextlib.suppress(Exception):
            await task  # a connection answers one question at a time
        raise
    return await task, done


async def in_turn(parts: Iterable[A], asked: Callable[[A], Coroutine[Any, Any, B]]) -> list[tuple[A, B]]:
    """Ask the database about one part after the other; while it works on one, the next comes into being: `parts` may
    be a generator. Gives each with its answer."""
    coming, found = iter(parts), []
    part = next(coming, None)
    while part is not None:
        answer, following = await meanwhile(asked(part), lambda: next(coming, None))
        found.append((part, answer))
        part = following
    return found


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the database or the broker is away or busy."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
        return error.connection_invalidated or _passes(
            state, lost=isinstance(error, InterfaceError | InternalError)
        )
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, asyncpg.InvalidCachedStatementError) or _passes(error.sqlstate, lost=False)
    return isinstance(error, (ConnectionError, TimeoutError, OSError, NoConnectionError))


def _passes(state: str | None, *, lost: bool) -> bool:
    """`lost`: whether an error without a state means that the connection is gone: the driver says so by an interface
    error, or by an internal one where the server fell silent in the middle of an answer."""
    if not state:
        return lost
    return state[:2] in TRANSIENT_CLASSES or state in TRANSIENT_STATES
