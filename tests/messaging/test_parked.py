import pytest

from bina.messaging import held, lock_alone, parked
from bina.messaging.parked import Choice, Discarded, Group
from bina.messaging.testing import ServiceUnderTest
from messaging import toy
from messaging.facts import accepted, met, requested

NEWEST = 2**62
UNIQUE = """(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.UniqueViolationError'>: \
duplicate key value violates unique constraint "people_pkey"
DETAIL:  Key (nip)=({nip}) already exists.
[SQL: INSERT INTO people VALUES ($1, $2)]
[parameters: ({parameters})]"""
SAME = [
    ("cannot take 0190b5a0-abcd-7000-8000-00000000000f", "cannot take ffffffff-abcd-7fab-8aaa-abcdefabcdef"),
    ("run PKA-2026-01 has 40 seats, 41 taken", "run PKN-2027-12 has 7 seats, 8 taken"),
    ("nobody called 'Siti Rahma'", "nobody called 'Budi'"),
    ('"Rahma Yulita" is unknown', '"Budi" is unknown'),
    ("lacks [1, 2, 3] and ['a', 'b c']", "lacks [4] and ['a']"),
    ("at 2026-11-22T12:00:00.123+00:00 nothing", "at 2027-01-01T00:00:00+07:00 nothing"),
    ("mail to siti@bkd.go.id refused", "mail to budi.santoso@bkn.go.id refused"),
    ("digest 26b96f2fd8424d65b6cd5ea7a6ce57a5 differs", "digest 0f differs"),
    (UNIQUE.format(nip="198703032010011003", parameters="'a', [1]"), UNIQUE.format(nip="x", parameters="")),
]
APART = [
    ('null value in column "name" of "people"', 'null value in column "nip" of "people"'),
    ("<class 'asyncpg.exceptions.UniqueViolationError'>", "<class 'asyncpg.exceptions.CheckViolationError'>"),
    ("KeyError: 'agency_code'", "KeyError: 'run_id'"),
    ("don't know the run", "don't know the person"),
]


async def folded(service: ServiceUnderTest, *errors: str) -> list[str]:
    rows = await service.rows(
        "SELECT messaging.fold(error) AS sentence FROM unnest(CAST(:errors AS text[])) AS error",
        errors=list(errors),
    )
    return [row.sentence for row in rows]


@pytest.mark.parametrize("errors", SAME, ids=lambda pair: pair[0][:20])
async def test_failures_of_one_defect_are_one_sentence(service: ServiceUnderTest, errors):
    one, other = await folded(service, *errors)
    assert one == other != ""


@pytest.mark.parametrize("errors", APART, ids=lambda pair: pair[0][:20])
async def test_failures_of_two_defects_stay_two(service: ServiceUnderTest, errors):
    one, other = await folded(service, *errors)
    assert one != other


async def groups(service: ServiceUnderTest, **how) -> list[Group]:
    async with service.sessions() as session:
        return await parked.groups(session, **how)


async def test_a_thousand_failures_are_one_group_with_what_waits_behind(service: ServiceUnderTest):
    roomy = ServiceUnderTest(service.service, service.engine, cap=2000)
    events = [accepted() for _ in range(1000)]
    toy.failing.update(e.enrollment_id for e in events)
    await roomy.receives(*events, *(met(e.enrollment_id) for e in events[:7]), met(events[0].enrollment_id))
    await roomy.receives_raw(roomy.message(requested(), agency="5571")._replace(value=b"{"))
    first, second = await groups(service)
    rows = await service.rows(
        "SELECT min(id) AS oldest, max(id) AS newest FROM messaging.held WHERE code = 'LookupError'"
    )
    assert (first.count, first.code, first.sentence, first.behind) == (
        1000,
        "LookupError",
        "cannot take #",
        8,
    )
    assert (first.topic, first.type) == ("enrollment.enrollments", "enrollment.accepted.v1")
    assert (first.sample, first.newest) == (rows[0].oldest, rows[0].newest)
    assert first.first_seen <= first.last_seen
    assert first.code_versions == [held.code_version()]
    assert (second.count, second.code, second.behind) == (1, "json.invalid", 0)
    assert [g.cause for g in await groups(service, limit=1, offset=1)] == [second.cause]


async def test_messages_of_a_group_come_in_pages(service: ServiceUnderTest):
    events = [accepted() for _ in range(5)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(*events)
    [group] = await groups(service)
    async with service.sessions() as session:
        page = await parked.find(session, Choice(cause=group.cause), limit=3)
        rest = await parked.find(session, Choice(cause=group.cause), after=page[-1].id)
    assert [m.key for m in page + rest] == [str(e.enrollment_id) for e in events]


async def give_up(
    service: ServiceUnderTest, choice: Choice, newest: int = NEWEST, most: int = 9
) -> Discarded:
    async with service.sessions() as session, session.begin():
        await lock_alone(session)
        return await parked.discard(session, choice, "Uji coba vendor", "Sulastri", newest=newest, most=most)


async def test_a_group_is_discarded_with_its_reason_and_lets_its_followers_go(service: ServiceUnderTest):
    events = [accepted() for _ in range(3)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(*events, *(met(e.enrollment_id) for e in events))
    await service.receives_raw(service.message(requested(), agency="5571")._replace(value=b"{"))
    group = (await groups(service))[0]
    toy.failing.clear()
    assert await give_up(service, Choice(cause=group.cause)) == Discarded(3, left=0)
    assert await service.intake.sweep() == 3
    assert [g.code for g in await groups(service)] == ["json.invalid"]
    async with service.sessions() as session:
        gone = await parked.find(session, states=("discarded",))
    assert {(m.cause, m.discard_reason, m.discarded_by) for m in gone} == {
        (group.cause, "Uji coba vendor", "Sulastri")
    }
    assert all(m.discarded_at for m in gone)
    assert {row.history for row in await service.rows("SELECT history FROM seats")} == {"m"}


async def test_what_came_after_the_look_is_not_discarded_with_its_group(service: ServiceUnderTest):
    events = [accepted() for _ in range(2)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(events[0])
    [seen] = await groups(service)
    await service.receives(events[1])
    assert await give_up(service, Choice(cause=seen.cause), seen.newest) == Discarded(1, left=0)
    assert [g.count for g in await groups(service)] == [1]


async def test_a_large_group_is_discarded_in_parts_oldest_first(service: ServiceUnderTest):
    events = [accepted() for _ in range(3)]
    toy.failing.update(e.enrollment_id for e in events)
    await service.receives(*events)
    assert await give_up(service, parked.EVERY, most=2) == Discarded(2, left=1)
    assert [key for state, key, _ in await service.held() if state == "parked"] == [events[2].key]
    assert await give_up(service, parked.EVERY, most=2) == Discarded(1, left=0)


async def test_a_discard_without_a_reason_is_refused(service: ServiceUnderTest):
    async with service.sessions() as session:
        with pytest.raises(ValueError, match="reason"):
            await parked.discard(session, parked.EVERY, " ", "Sulastri", newest=NEWEST)


async def test_another_message_at_the_position_of_a_held_one_is_held_too(service: ServiceUnderTest):
    first = service.message(requested(), agency="5571")._replace(value=b"{")
    again = service.message(requested(), agency="5571")._replace(value=b"{", offset=first.offset)
    await service.receives_raw(first)
    await service.receives_raw(again)
    await service.receives_raw(first)
    async with service.sessions() as session:
        found = await parked.find(session)
    assert [(message.offset, message.event_id) for message in found] == [
        (first.offset, first.header("ce_id")),
        (first.offset, again.header("ce_id")),
    ]


async def test_the_longest_errors_fold(service: ServiceUnderTest):
    awkward = [
        "'" * 2000,
        "1," * 1000,
        "a1" * 1000,
        "(" * 2000,
        "'a.b" * 500,
        "contains (" * 200,
        "",
        "\n" * 2000,
    ]
    assert len(await folded(service, *awkward)) == len(awkward)
