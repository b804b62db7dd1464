"""What names people goes when its period is over (UU 27/2022 Pasal 42–44), hourly until nothing of it is left, in
transactions of so many rows, by one worker at a time.

A service says which of its tables go, beside those of the shell: `create_app(…, expiries=[Expiry("notices", …)])`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from bina.messaging import clock
from bina.messaging.database import Session
from bina.web.audit import expiring as audit_values
from bina.web.audit import renewing
from bina.web.retention import Periods

LOCK = 7_007
MOST = 20_000
"""Rows of one table in one transaction."""


@dataclass(frozen=True)
class Expiry:
    """Rows `t` of a table that go by a period: counted from `since`, as far as `where` holds.

    `business`: by the business clock, which a demonstration may move; else by wall time.
    """

    keeps: str
    table: str
    since: str
    where: str = "true"
    business: bool = False

    @property
    def sql(self) -> str:
        """Removes the rows from before `$1`, at most `$2`."""
        return f"""WITH gone AS (DELETE FROM {self.table} WHERE ctid = ANY (ARRAY(
                SELECT t.ctid FROM {self.table} t WHERE {self.since} < $1::timestamptz AND ({self.where}) LIMIT $2::int))
            RETURNING 1) SELECT count(*) AS rows FROM gone"""  # noqa: S608 - declared in code


SHELL = (
    Expiry("commands", "messaging.commands", "t.received_at"),
    Expiry("discarded", "messaging.held", "coalesce(t.discarded_at, t.last_tried)", "t.state = 'discarded'"),
    Expiry("kept_forms", "web.kept_forms", "t.kept_at"),
)


class Expiring:
    """One service's rows, let go of by the periods that hold today."""

    def __init__(self, periods: Periods, own: Sequence[Expiry] = ()) -> None:
        self._periods = periods
        self._expiries = (*SHELL, *own)

    async def run(self, session: AsyncSession) -> bool:
        """Let go of what is due, so many rows of each table at most; nothing while another worker does. Whether more is
        due."""
        assert isinstance(session, Session)
        if not (await session.fetch("SELECT pg_try_advisory_xact_lock($1) AS mine", LOCK))[0]["mine"]:
            return False
        gone = [await self._let_go(session, expiry) for expiry in self._expiries]
        await renewing.forget(session)
        gone.append(await audit_values.expire(session, _whole_days(self._before("audit_values")), MOST))
        return max(gone) >= MOST

    async def _let_go(self, session: Session, expiry: Expiry) -> int:
        before = self._before(expiry.keeps, business=expiry.business)
        rows: int = (await session.fetch(expiry.sql, before, MOST))[0]["rows"]
        return rows

    def _before(self, keeps: str, *, business: bool = False) -> datetime:
        now = clock.now() if business else datetime.now(UTC)
        return now - self._periods.of(keeps, now.date()).length


def _whole_days(moment: datetime) -> datetime:
    """So that the audit tells of its values once a day, not every hour."""
    return datetime.combine(moment.date(), time.min, UTC)
