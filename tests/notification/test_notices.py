"""What is told to whom, because of which fact."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from bina.events.enrollment import (
    AsnErased,
    EnrollmentRejected,
    EnrollmentWaitlisted,
    EnrollmentWithdrawn,
    TrainingCancelled,
    TrainingCompleted,
    TrainingNotCompleted,
)
from bina.events.evaluation import EvaluationTaskClosed
from bina.messaging.testing import ServiceUnderTest
from meeting import Meeting
from notification.preferences import store as preferences

from . import story as facts
from .reading import told, words
from .story import BUDI, DEWI, EKA_SARI, RAHMA, SARI, START, at, named, story

SOON = START + timedelta(minutes=1)


async def test_a_change_reaches_those_enrolled_at_its_time(notification: ServiceUnderTest):
    training, here, gone, later = facts.run(), uuid4(), uuid4(), uuid4()
    leaving = facts.accepted(training.run_id, gone)
    withdrawn = EnrollmentWithdrawn(
        enrollment_id=leaving.enrollment_id, asn_id=gone, run_id=training.run_id, reason="Sakit"
    )
    change = at(facts.changed(training.run_id, starts_on=date(2027, 3, 1), ends_on=date(2027, 3, 5)), SOON)
    await notification.receives(
        at(training),
        at(facts.accepted(training.run_id, here)),
        at(leaving),
        at(withdrawn, START + timedelta(seconds=30)),
        change,
        at(facts.accepted(training.run_id, later), SOON + timedelta(seconds=1)),
    )
    await notification.does_due_work(SOON + timedelta(minutes=1))
    rows = await notification.rows("SELECT recipient_id FROM notices WHERE kind = 'training_changed'")
    assert [row.recipient_id for row in rows] == [here]
    [_, (subject, body)] = await words(notification, here)
    assert subject == "Ada perubahan: Manajemen Perubahan"
    assert "Waktu: Senin, 1 Maret 2027 sampai Jumat, 5 Maret 2027" in body
    assert "Tempat" not in body


async def test_a_run_of_one_day_names_its_day_once(notification: ServiceUnderTest):
    one_day = facts.run(starts_on=date(2027, 2, 16), ends_on=date(2027, 2, 16))
    asn_id = uuid4()
    await notification.receives(at(one_day), at(facts.accepted(one_day.run_id, asn_id)))
    [(_subject, body)] = await words(notification, asn_id)
    assert "Waktu: Selasa, 16 Februari 2027\n" in body


async def test_a_change_that_overtook_the_enrolment_is_told_all_the_same(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    await notification.receives(
        at(training), at(facts.changed(training.run_id, location="Hotel Abadi"), SOON)
    )
    await notification.does_due_work(SOON + timedelta(minutes=1))
    await notification.receives(at(facts.accepted(training.run_id, asn_id)))
    await notification.does_due_work()
    assert (str(asn_id), "training_changed") in await told(notification)


async def test_a_change_of_seats_alone_concerns_nobody(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    await notification.receives(at(training), at(facts.accepted(training.run_id, asn_id)))
    await notification.receives(at(facts.changed(training.run_id, seats=99), SOON))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    assert await told(notification) == {(str(asn_id), "enrollment_accepted")}


async def test_a_notice_keeps_saying_what_it_said(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    await notification.receives(at(training), at(facts.accepted(training.run_id, asn_id)))
    await notification.receives(at(facts.changed(training.run_id, location="Hotel Abadi"), SOON))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    [(_, accepted), (_, change)] = await words(notification, asn_id)
    assert "Tempat: Aula BKPSDM" in accepted
    assert "Tempat: Hotel Abadi" in change


async def test_words_are_in_the_readers_language_with_the_deadlines_zone(notification: ServiceUnderTest):
    training, here, abroad = facts.run(), facts.person(), facts.person(name="Budi Santoso")
    await notification.receives(
        at(training),
        at(here),
        at(abroad),
        at(facts.contact(abroad.asn_id, language="en")),
        at(facts.opened_test(training.run_id, here.asn_id)),
        at(facts.opened_test(training.run_id, abroad.asn_id, "post")),
    )
    [(subject, body)] = await words(notification, here.asn_id)
    assert subject == "Tes awal siap: Manajemen Perubahan"
    assert body.startswith("Yth. Rahma Yulita,")
    assert "Tenggat Jumat, 4 Desember 2026 pukul 23.59 WIB." in body
    [(subject, body)] = await words(notification, abroad.asn_id)
    assert subject == "Post-test ready: Manajemen Perubahan"
    assert "Due Friday, 4 December 2026 at 23:59 WIB (UTC+7)." in body


def completing(run_id: UUID, asn_id: UUID, jp_in_year: int) -> TrainingCompleted:
    return TrainingCompleted(
        enrollment_id=uuid4(),
        asn_id=asn_id,
        run_id=run_id,
        agency_code="5571",
        jp=12,
        completed_on=date(2026, 11, 19),
        jp_in_year=jp_in_year,
    )


@pytest.mark.parametrize(
    ("employment", "jp_in_year", "said"),
    [
        ("PNS", 14, "Anda perlu 6 JP lagi sebelum 31 Desember 2026."),
        ("PNS", 20, "Target 20 JP tahun ini tercapai."),
        ("PPPK", 14, "Bagi PPPK, batasnya 24 JP dalam satu tahun masa perjanjian kerja."),
    ],
)
async def test_jp_are_a_floor_for_pns_and_a_ceiling_for_pppk(
    notification: ServiceUnderTest, employment: str, jp_in_year: int, said: str
):
    training, person = facts.run(), facts.person(employment=employment)
    completed = completing(training.run_id, person.asn_id, jp_in_year)
    await notification.receives(at(training), at(person), at(completed))
    [(_, body)] = await words(notification, person.asn_id)
    assert f"JP Anda tahun ini menjadi {jp_in_year}." in body
    assert body.endswith(said)


@pytest.mark.parametrize(("employment", "appointment"), [("PNS", "CPNS"), ("PPPK", "paruh_waktu")])
async def test_neither_is_told_to_a_cpns_or_a_part_timer(
    notification: ServiceUnderTest, employment: str, appointment: str
):
    training, person = facts.run(), facts.person(employment=employment, appointment=appointment)
    completed = completing(training.run_id, person.asn_id, 14)
    await notification.receives(at(training), at(person), at(completed))
    [(_, body)] = await words(notification, person.asn_id)
    assert body.rstrip().endswith("JP Anda tahun ini menjadi 14.")
    appointed = at(facts.person(person.asn_id, employment=employment), SOON)
    await notification.receives(appointed)
    [(_, body)] = await words(notification, person.asn_id)
    assert ("Anda perlu 6 JP lagi" in body, "batasnya 24 JP" in body) == (
        employment == "PNS",
        employment == "PPPK",
    )


@pytest.mark.parametrize(
    ("kind", "passed", "said"),
    [
        ("pre", None, "tidak menentukan kelulusan"),
        ("post", True, "Anda memenuhi nilai kelulusan"),
        ("post", False, "Nilai kelulusan adalah 70."),
        ("post", None, "tidak mensyaratkan nilai tertentu"),
    ],
)
async def test_a_score_says_what_follows(
    notification: ServiceUnderTest, kind: str, passed: object, said: str
):
    training, asn_id = facts.run(pass_score=70), uuid4()
    opened = facts.opened_test(training.run_id, asn_id, kind)
    await notification.receives(at(training), at(opened), at(facts.scored_test(opened, passed=passed), SOON))
    [_, (subject, body)] = await words(notification, asn_id)
    assert subject.endswith(": 72,5")
    assert said in body


async def test_a_refusal_says_why_and_what_to_do(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    rejected = EnrollmentRejected(
        enrollment_id=uuid4(),
        asn_id=asn_id,
        run_id=training.run_id,
        agency_code="5571",
        reason_code="unknown",
        reason="",
    )
    await notification.receives(at(training), at(rejected))
    [(_, body)] = await words(notification, asn_id)
    assert "Sebabnya: tidak dicantumkan" in body
    assert "Hubungi pengelola kepegawaian" in body


async def test_who_withdrew_is_not_told_twice(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    enrolled = {"enrollment_id": uuid4(), "asn_id": asn_id, "run_id": training.run_id}
    await notification.receives(
        at(training),
        at(EnrollmentWithdrawn(**enrolled)),
        at(TrainingNotCompleted(**enrolled, reason="withdrawn", ended_on=date(2026, 11, 20))),
    )
    assert await told(notification) == {(str(asn_id), "enrollment_withdrawn")}


async def test_a_recommendation_waits_for_its_run_and_names_its_start(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    await notification.receives(at(facts.recommended(asn_id, training.run_id)))
    assert await told(notification) == set()
    await notification.receives(at(training))
    [(subject, body)] = await words(notification, asn_id)
    assert subject == "Saran untuk Anda: Manajemen Perubahan"
    assert "mulai Senin, 8 Februari 2027" in body


async def test_a_waiting_list_place_is_named(notification: ServiceUnderTest):
    training, asn_id = facts.run(), uuid4()
    waiting = EnrollmentWaitlisted(
        enrollment_id=uuid4(), asn_id=asn_id, run_id=training.run_id, agency_code="5571", position=4
    )
    await notification.receives(at(training), at(waiting))
    [(subject, _)] = await words(notification, asn_id)
    assert subject == "Daftar tunggu posisi ke-4: Manajemen Perubahan"


async def test_an_open_task_is_remembered_three_days_before_its_end(notification: ServiceUnderTest):
    training, boss, alumnus = facts.run(), uuid4(), facts.person()
    opened = facts.task(training.run_id, boss, alumnus.asn_id)
    await notification.receives(at(training), at(alumnus), at(opened))
    morning = START.replace(month=12, day=1, hour=1)  # 08.00 WIB
    await notification.does_due_work(morning - timedelta(minutes=1))
    assert (str(boss), "task_reminder") not in await told(notification)
    await notification.does_due_work(morning)
    [(_, asked), (subject, body)] = await words(notification, boss)
    assert "Yang dinilai: Rahma Yulita; perlu sekitar" in asked
    assert subject == "Tiga hari lagi: Penilaian perilaku kerja oleh atasan, Rahma Yulita"
    assert "Rahma Yulita" in body
    [row] = await notification.rows("SELECT * FROM notices WHERE kind = 'task_reminder'")
    assert row.occurred_at == morning


@pytest.mark.parametrize("reason", ["answered", "withdrawn", "expired"])
async def test_a_closed_task_is_not_remembered_and_only_its_expiry_told(
    notification: ServiceUnderTest, reason: str
):
    training, boss = facts.run(), uuid4()
    opened = facts.task(training.run_id, boss, uuid4())
    closed = EvaluationTaskClosed(task_id=opened.task_id, respondent_id=boss, reason=reason)
    await notification.receives(at(training), at(opened), at(closed, SOON))
    await notification.does_due_work(START + timedelta(days=30))
    expired = {(str(boss), "task_expired")} if reason == "expired" else set()
    assert await told(notification) == {(str(boss), "task_opened")} | expired
    assert await notification.rows("SELECT * FROM open_tasks") == []


async def test_a_task_that_opens_within_its_last_days_has_no_reminder(notification: ServiceUnderTest):
    training, boss = facts.run(), uuid4()
    opened = facts.task(training.run_id, boss, uuid4(), closes_on=date(2026, 11, 22))
    await notification.receives(at(training), at(opened))
    await notification.does_due_work(START + timedelta(days=30))
    assert await told(notification) == {(str(boss), "task_opened")}


async def test_a_test_is_remembered_unless_taken_or_pointless(notification: ServiceUnderTest):
    training, cancelled = facts.run(), facts.run()
    untaken, taken, gone, moot = uuid4(), uuid4(), uuid4(), uuid4()
    leaving = facts.accepted(training.run_id, gone)
    opened = facts.opened_test(training.run_id, taken)
    await notification.receives(
        at(training),
        at(cancelled),
        at(leaving),
        at(facts.opened_test(training.run_id, untaken)),
        at(opened),
        at(facts.scored_test(opened)),
        at(facts.opened_test(training.run_id, gone, enrollment_id=leaving.enrollment_id)),
        at(EnrollmentWithdrawn(enrollment_id=leaving.enrollment_id, asn_id=gone, run_id=training.run_id)),
        at(facts.opened_test(cancelled.run_id, moot)),
        at(TrainingCancelled(run_id=cancelled.run_id)),
    )
    await notification.does_due_work(START + timedelta(days=30))
    reminded = {recipient for recipient, kind in await told(notification) if kind == "test_reminder"}
    assert reminded == {str(untaken)}


async def test_an_erased_person_leaves_ids_only_whichever_topic_comes_first(notification: ServiceUnderTest):
    training, person = facts.run(), facts.person(name="Tono Hartono")
    await notification.receives(
        at(training),
        at(person),
        at(facts.profile(person.asn_id)),
        at(facts.accepted(training.run_id, person.asn_id)),
    )
    await notification.receives(at(AsnErased(asn_id=person.asn_id), SOON))
    await notification.receives(at(facts.contact(person.asn_id, "tono@example.org")))
    await notification.does_due_work(SOON + timedelta(minutes=1))
    tables = ("people", "contacts", "preferences", "notices", "deliveries")
    left = str([await notification.rows(f"SELECT * FROM {table}") for table in tables])
    assert str(person.asn_id) in left
    assert "Tono" not in left
    assert "tono@" not in left
    [(_, body)] = await words(notification, person.asn_id)
    assert body.startswith("Yth. Bapak/Ibu,")


async def test_whoever_is_erased_leaves_no_choice_made_meanwhile(
    notification: ServiceUnderTest, meeting: Meeting
):
    person = facts.person()

    async def choose() -> None:
        async with notification.sessions() as session, session.begin():
            await preferences.put_preference(session, person.asn_id, "en", email=False)

    await notification.receives(at(person))
    erasing = notification.receives(at(AsnErased(asn_id=person.asn_id), SOON))
    await meeting(notification, (preferences, "forget_preferences"), erasing, choose)
    assert await notification.rows("SELECT * FROM preferences") == []


async def test_the_story_tells_each_person_what_concerns_them(notification: ServiceUnderTest):
    await notification.receives(*story())
    await notification.does_due_work(START + timedelta(days=20))
    assert await notification.held() == []
    assert await told(notification) == {
        (str(asn_id), kind)
        for asn_id, kinds in {
            RAHMA: [
                "training_announced_job", "enrollment_accepted", "training_changed", "pretest_ready",
                "test_scored", "task_opened", "task_expired", "training_completed",
                "result_corrected", "certificate_revoked", "approval_requested",
            ],
            BUDI: [
                "training_announced_gap", "enrollment_waitlisted", "enrollment_accepted", "training_changed",
                "posttest_ready", "test_reminder", "training_recommended_unscheduled", "training_not_completed",
                "result_corrected",
            ],
            SARI: [
                "enrollment_accepted", "enrollment_withdrawn", "training_cancelled", "training_recommended",
                "task_opened", "task_reminder", "approval_requested",
            ],
            DEWI: [
                "training_announced_job", "enrollment_rejected", "data_request_accepted", "data_request_refused",
                "jp_credit_accepted", "jp_credit_refused", "jp_credit_corrected", "approval_requested",
            ],
            EKA_SARI: [
                "training_announced_job", "enrollment_accepted", "posttest_ready", "test_reminder", "task_opened",
                "task_reminder",
            ],
            named("fitri"): ["training_announced_job"],
        }.items()
        for kind in kinds
    }  # fmt: skip
