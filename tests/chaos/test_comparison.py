"""The comparison sees each kind of damage: a history in which all is well, damaged in one place at a time."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from chaos.counting import Counts, figures_of
from chaos.findings import DUPLICATE, LOST, OPEN, ORDER, WRONG, find
from chaos.mailing import repeated_mails
from chaos.observing import MESSAGING, Observed, Record, group_in
from chaos.recovery import percentile, recoveries
from chaos.rig import CHECKS
from chaos.travelled import first_copies, subscribed, versions_out_of_order

SEATED, MET, DONE = "enrollment.accepted.v1", "attendance.met.v1", "training.completed.v1"
TOPIC, INBOUND, OUTCOMES = "enrollment.enrollments", "agency.enrollments.3273", "agency.outcomes.3273"
NIP, RUN, ENROLMENT = "198004172008031001", "KINI-1", "e1"
READERS = ("assessment", "evaluation", "notification")


def told(offset: int, kind: str, **body: Any) -> Record:
    return Record(TOPIC, offset, ENROLMENT, f"id-{kind}", kind, offset + 1, 100.0 + offset, body)


def history() -> Observed:
    """Somebody asks by event for a seat, attends, and is told by mail; beside it lies one poisoned event."""
    records = [
        Record(INBOUND, 0, NIP, "ask", "enrollment.requested.v1", 0, 99.0, digest="good"),
        Record(INBOUND, 1, NIP, "bad", "enrollment.requested.v1", 0, 99.0, digest="poison"),
        told(0, SEATED, origin="request"),
        told(1, MET),
        told(2, DONE),
        Record(
            OUTCOMES,
            0,
            NIP,
            "a1",
            "request.answered.v1",
            1,
            100.0,
            {"request_id": "ask", "outcome": "accepted"},
        ),
        Record(
            OUTCOMES,
            1,
            NIP,
            "a2",
            "request.answered.v1",
            2,
            100.0,
            {"request_id": "bad", "outcome": "refused"},
        ),
    ]
    return Observed(journal(), records, tables(records))


def journal() -> list[dict[str, Any]]:
    attempt = {
        "states": ["completed"],
        "facts": [[SEATED, MET, DONE]],
        "jp": 12,
        "revision": 1,
        "certificate": "",
    }
    ask = {"id": "ask", "topic": INBOUND, "digest": "good", "expected": [["accepted"]], "poison": ""}
    bad = {"id": "bad", "topic": INBOUND, "digest": "poison", "expected": [], "poison": "bad JSON"}
    command = {"key": "chaos-1", "path": "/attendance", "expected": "acknowledged"}
    lines = [
        {"what": "story", "number": 1, "name": "attends", "nip": NIP, "run": RUN},
        {"what": "end", "nip": NIP, "run": RUN, "attempts": [attempt]},
        {"what": "event", **ask},
        {"what": "outcome", "id": "ask", "poison": "", "outcome": "acknowledged"},
        {"what": "event", **bad},
        {"what": "outcome", "id": "bad", "poison": "bad JSON", "outcome": "acknowledged"},
        {"what": "command", **command},
        {"what": "outcome", "key": "chaos-1", "outcome": "unknown"},
        {"what": "command", **command},
        {"what": "outcome", "key": "chaos-1", "outcome": "acknowledged"},
        {"what": "act", "act": "kill", "victim": "enrollment", "at": 101.5},
        {"what": "story ended", "number": 1},
        *({"what": "mail", "message_id": f"<n{number}.email@bina>"} for number in range(2)),
    ]
    return [{"at": 0.0, **line} for line in lines]


def tables(records: list[Record]) -> dict[str, Any]:
    found: dict[str, Any] = {name: {table: [] for table in MESSAGING} for name in ("enrollment", *READERS)}
    ours = [r for r in records if not r.topic.startswith("agency.enrollments")]
    for name in READERS:
        taken = [r for r in ours if r.type in subscribed(name)]
        found[name]["inbox"] = [{"event_id": r.id} for r in taken]
    held = {"state": "parked", "topic": INBOUND, "event_id": "bad", "code": "json.invalid"}
    enrolment = {"enrollment_id": ENROLMENT, "nip": NIP, "run_code": RUN, "attempt": 1, "state": "completed"}
    seats = {"run_code": RUN, "seats": 5, "taken": 1, "waiting": 0}
    found["enrollment"] |= {
        "outbox": [row_of(r) for r in ours],
        "streams": [
            {"topic": TOPIC, "key": ENROLMENT, "version": 3},
            {"topic": OUTCOMES, "key": NIP, "version": 2},
        ],
        "held": [held],
        "commands": [{"key": "chaos-1"}],
        "enrolments": [enrolment | {"jp": 12, "revision": 1, "certificate": ""}],
        "seats": [seats],
        "ledger": [{"enrollment_id": ENROLMENT, "jp": 12}],
    }
    copy = {"enrollment_id": ENROLMENT}
    found["assessment"]["enrolments"] = [copy | {"state": "completed"}]
    found["evaluation"]["enrolments"] = [copy | {"accepted": True, "withdrawn": False, "completed": True}]
    found["evaluation"]["columns"] = [{"name": "withdrawn"}]
    found["notification"] |= {
        "enrolments": [copy | {"ended": True}],
        "notices": [notice("n0", SEATED, "enrollment_accepted"), notice("n1", DONE, "training_completed")],
        "deliveries": [{"notice_id": f"n{n}", "state": "sent", "email": "a@bina.example"} for n in range(2)],
    }
    return found


def row_of(record: Record) -> dict[str, Any]:
    times = {"created": record.at, "published": record.at + 0.25}
    return {"event_id": record.id, "topic": record.topic, "type": record.type, **times}


def notice(id_: str, cause: str, kind: str) -> dict[str, Any]:
    return {"notice_id": id_, "event_id": f"id-{cause}", "kind": kind}


def remove_record(kind: str) -> Callable[[Observed], None]:
    def damage(seen: Observed) -> None:
        seen.records[:] = [r for r in seen.records if r.type != kind]

    return damage


def add_record(**changes: Any) -> Callable[[Observed], None]:
    def damage(seen: Observed) -> None:
        record = replace(next(r for r in seen.records if r.type == SEATED), **changes)
        seen.records.append(record)
        seen.tables["enrollment"]["outbox"].append(row_of(record))

    return damage


def swap_records(seen: Observed) -> None:
    seen.records[2], seen.records[3] = seen.records[3], seen.records[2]


def answer_again(request: str) -> Callable[[Observed], None]:
    def damage(seen: Observed) -> None:
        answer = next(r for r in seen.records if r.body.get("request_id") == request)
        seen.records.append(replace(answer, id="a3", offset=2, version=3))

    return damage


def empty(service: str, table: str) -> Callable[[Observed], None]:
    return lambda seen: seen.tables[service][table].clear()


def repeat(service: str, table: str) -> Callable[[Observed], None]:
    return lambda seen: seen.tables[service][table].append(dict(seen.tables[service][table][0]))


def change(service: str, table: str, **columns: Any) -> Callable[[Observed], None]:
    return lambda seen: seen.tables[service][table][0].update(columns)


def forget(what: str, **like: Any) -> Callable[[Observed], None]:
    def damage(seen: Observed) -> None:
        seen.journal[:] = [e for e in seen.journal if not ({"what": what} | like).items() <= e.items()]

    return damage


def slip_in(seen: Observed, itself: str = "parked", after: str = "behind") -> None:
    """Nobody can read what lies between the seat and the attendance; the second reader did with it as told."""
    seen.journal.append({"what": "slipped in", "id": "x", "topic": TOPIC, "at": 0.0})
    place = next(n for n, record in enumerate(seen.records) if record.type == MET)
    seen.records.insert(place, replace(told(9, SEATED), id="x"))
    for service in READERS:
        states = (itself, after) if service == "evaluation" else ("parked", "behind")
        followers = {f"id-{kind}": states[1] for kind in (MET, DONE) if kind in subscribed(service)}
        held = {"x": states[0]} | followers
        seen.held[service] = [{"event_id": id_, "state": state} for id_, state in held.items()]


def repeat_mail(seen: Observed) -> None:
    seen.journal.append({"what": "mail", "at": 50.0, "message_id": "<n1.email@bina>"})


DAMAGES = [
    ("no outcome known", forget("outcome", outcome="acknowledged", key="chaos-1"), "everything_is_decided", OPEN),
    ("a story hangs", forget("story ended"), "every_story_ended", OPEN),
    ("an acknowledged command is gone", empty("enrollment", "commands"), "acknowledged_commands_are_stored", LOST),
    ("an answer is missing", remove_record("request.answered.v1"), "every_event_is_answered_once", LOST),
    ("an answer comes twice", answer_again("ask"), "every_event_is_answered_once", DUPLICATE),
    ("no refusal", remove_record("request.answered.v1"), "every_unreadable_event_is_refused_once", LOST),
    ("a second refusal", answer_again("bad"), "every_unreadable_event_is_refused_once", DUPLICATE),
    ("poison is gone", empty("enrollment", "held"), "exactly_the_poison_is_parked", LOST),
    ("a good event is parked", change("enrollment", "held", event_id="ask"), "exactly_the_poison_is_parked", WRONG),
    ("a fact is parked", lambda s: s.tables["evaluation"]["held"].append({}), "exactly_the_poison_is_parked", OPEN),
    ("an enrolment is gone", empty("enrollment", "enrolments"), "enrolments_are_as_told", LOST),
    ("an enrolment is twice there", repeat("enrollment", "enrolments"), "enrolments_are_as_told", DUPLICATE),
    ("another state", change("enrollment", "enrolments", state="accepted"), "enrolments_are_as_told", WRONG),
    ("a seat too many", change("enrollment", "seats", taken=2), "seats_are_counted", WRONG),
    ("JP are gone", empty("enrollment", "ledger"), "ledger_holds_completions", LOST),
    ("a gap", remove_record(MET), "versions_rise_one_by_one", ORDER),
    ("the last fact is gone", remove_record(DONE), "versions_rise_one_by_one", LOST),
    ("an inversion", swap_records, "versions_rise_one_by_one", ORDER),
    ("a fact was never published", remove_record(DONE), "what_is_told_is_published", LOST),
    ("nobody told it", empty("enrollment", "outbox"), "what_is_told_is_published", WRONG),
    ("not marked", change("enrollment", "outbox", published=None), "what_is_told_is_published", OPEN),
    ("a reader missed it", empty("evaluation", "inbox"), "readers_took_everything", LOST),
    ("a fact happened twice", add_record(id="x", version=4), "facts_of_enrolments_are_right", DUPLICATE),
    ("a test opened twice", None, "nothing_is_told_twice", DUPLICATE),
    ("a neighbour missed it", empty("assessment", "enrolments"), "neighbours_know_each_enrolment", LOST),
    ("a neighbour is behind", change("assessment", "enrolments", state="accepted"), "neighbours_know_each_enrolment", WRONG),
    ("a notice is missing", empty("notification", "notices"), "everybody_is_told_once", LOST),
    ("a notice is twice there", repeat("notification", "notices"), "everybody_is_told_once", DUPLICATE),
    ("a mail is missing", forget("mail", message_id="<n1.email@bina>"), "every_notice_is_mailed", LOST),
    ("a key went on", lambda s: slip_in(s, after="parked"), "keys_stand_still_behind_what_is_unreadable", ORDER),
    ("unreadable and not parked", lambda s: slip_in(s, itself=""), "keys_stand_still_behind_what_is_unreadable", LOST),
    ("a mail again", repeat_mail, "no_mail_goes_twice_without_cause", DUPLICATE),
    ("a rollout hangs", lambda s: s.journal.append({"what": "rollout", "at": 0.0}), "each_release_was_rolled_out", OPEN),
    ("work is left", lambda s: s.left.update(mail=3), "all_is_done", OPEN),
]  # fmt: skip


def test_a_sound_history_is_green():
    assert find(CHECKS, history()) == []


@pytest.mark.parametrize(("damage", "check", "kind"), [d[1:] for d in DAMAGES], ids=[d[0] for d in DAMAGES])
def test_damage_is_found(damage: Callable[[Observed], None] | None, check: str, kind: str):
    seen = deepcopy(history())
    (damage or open_twice)(seen)
    assert (kind, check) in {(finding.kind, finding.check) for finding in find(CHECKS, seen)}


def open_twice(seen: Observed) -> None:
    for id_ in ("o1", "o2"):
        add_record(
            topic="assessment.results",
            id=id_,
            type="assessment.opened.v1",
            body={"assessment_id": "t", "kind": "pre"},
        )(seen)


def test_each_check_is_damaged():
    assert {check for _, _, check, _ in DAMAGES} == {check.__name__ for check in CHECKS}


def test_a_key_that_stands_still_is_no_damage():
    seen = history()
    slip_in(seen)
    assert find(CHECKS, seen) == []


def test_a_mail_again_has_a_cause_when_its_sender_died_with_it_in_hand():
    seen = history()
    repeat_mail(seen)
    assert repeated_mails(seen) == ([], ["notice n1 was mailed again after 50.0 s"])
    seen.journal.append({"what": "ended", "victim": "notification", "code": -9, "at": 3.0})
    assert repeated_mails(seen) == (["notice n1 was mailed again after 50.0 s"], [])


def test_versions_are_counted():
    seen = history()
    swap_records(seen)
    assert versions_out_of_order(seen) == (1, 0)
    remove_record(MET)(seen)
    assert versions_out_of_order(seen) == (0, 1)


def test_figures_of_a_life_are_kept_when_the_next_begins():
    counts = Counts({"evaluation": 0})
    for many in (3, 5, 2):
        counts.heard("evaluation", figures_of(f'bina_messages_total{{outcome="applied"}} {many}.0\n'))
    assert counts.total["applied"] == 7


def test_what_kafka_carries_again_is_no_damage():
    seen = history()
    seen.records += [seen.records[2], seen.records[3]]
    assert find(CHECKS, seen) == []
    assert len(first_copies(seen.told())) == 5


def test_recovery_is_counted_to_the_next_effect():
    (kill,) = recoveries(history())  # at 101.5; the next fact is of 102.0 and on the broker at 102.25
    assert (kill.victim, kill.seconds) == ("enrollment", 0.75)
    seen = history()
    seen.applied["enrollment"] = [101.0, 101.75]
    assert [found.seconds for found in recoveries(seen)] == [0.25]
    assert (percentile([3.0, 1.0, 2.0], 0.5), percentile([1.0, 2.0], 0.95)) == (2.0, 2.0)


def test_whose_offset_was_committed():
    assert group_in(b"\x00\x01\x00\x0aassessment\x00\x0eenrollment.asn\x00\x00\x00\x00") == "assessment"
    assert group_in(b"\x00\x02\x00\x0aassessment") == ""
