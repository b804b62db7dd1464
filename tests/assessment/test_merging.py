"""Two records of one person made one: tests, results and what follows from them, in whatever order it is heard."""

from uuid import UUID

from assessment.app import service
from assessment.merging import store
from bina.events.assessment import AssessmentOpened, CompetencyProfileChanged
from merging import check_sorted

from .story import accepted, announced, completed, id_of, merged, person

EKA, SARI, DRA = (id_of(name) for name in ("Eka", "Eka Sari", "Dra. Eka Sari"))


async def whose(svc, table: str) -> set[UUID]:
    return {row.asn_id for row in await svc.rows(f"SELECT asn_id FROM {table}")}


async def test_every_table_that_names_a_person_is_sorted(under_test):
    await check_sorted(await under_test(service), store.MOVED, store.LEFT)


async def test_one_profile_follows_from_the_results_of_both_and_is_told(under_test):
    svc = await under_test(service)
    await svc.receives(person("Eka"), person("Eka Sari"), announced())
    await svc.receives(accepted("Eka"))
    async with svc.sessions() as session, session.begin():
        for values in (
            (EKA, "M1", 3, "2026-11-02"),
            (SARI, "M1", 1, "2026-11-01"),
            (SARI, "M5", 2, "2026-11-01"),
        ):
            await session.fetch(
                """INSERT INTO competency_results VALUES (gen_random_uuid(), $2, $1, 50, $3, 4, $4::text::date, 1, 'Pre-test')""",
                *values,
            )
    await svc.emitted()
    merging = merged("Eka", "Eka Sari")
    await svc.receives(merging, merging)
    (told,) = await svc.emitted(CompetencyProfileChanged)
    assert told.asn_id == SARI
    assert {entry.code: entry.level for entry in told.entries} == {"M1": 3, "M5": 2}
    tables = ("people", "enrollments", "assessments", "competency_results", "profile_entries")
    assert [await whose(svc, table) for table in tables] == [{SARI}] * len(tables)


async def test_facts_of_the_one_that_has_gone_are_the_others_however_late(under_test):
    svc = await under_test(service)
    await svc.receives(announced(), announced("KEU-2026-03"), person("Eka"))
    await svc.receives(merged("Eka", "Eka Sari"))
    await svc.receives(accepted("Eka"))
    assert await svc.held() == [("waiting", str(id_of("Eka", "PKP-2026-02")), "fact.missing")]
    await svc.receives(person("Eka Sari"))
    assert await svc.held() == []
    (opened,) = await svc.emitted(AssessmentOpened)
    assert opened.asn_id == SARI
    await svc.receives(merged("Eka Sari", "Dra. Eka Sari"), person("Dra. Eka Sari"))
    await svc.receives(completed("Eka", "KEU-2026-03", post_score=80.0), accepted("Eka Sari", "KEU-2026-03"))
    assert [await whose(svc, table) for table in ("enrollments", "assessments")] == [{DRA}] * 2


async def test_a_chain_heard_backwards_ends_at_the_last(under_test):
    svc = await under_test(service)
    await svc.receives(announced(), person("Dra. Eka Sari"))
    await svc.receives(merged("Eka Sari", "Dra. Eka Sari"))
    await svc.receives(merged("Eka", "Eka Sari"), accepted("Eka"))
    rows = await svc.rows("SELECT gone_id, kept_id FROM messaging.merged_people")
    assert {tuple(row) for row in rows} == {(EKA, DRA), (SARI, DRA)}
    assert await whose(svc, "enrollments") == {DRA}


async def test_whoever_begins_later_and_hears_of_the_merge_alone_is_right(under_test):
    """Of a compacted topic the record that has gone leaves its merge, and nothing else."""
    svc = await under_test(service)
    await svc.receives(announced(), accepted("Eka"))
    assert len(await svc.held()) == 1
    await svc.receives(person("Eka Sari"), merged("Eka", "Eka Sari"))
    assert await svc.held() == []
    assert await whose(svc, "enrollments") == {SARI}
