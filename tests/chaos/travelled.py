"""What was told, against what lies on the broker and what every reader made of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from itertools import pairwise

from bina.events import Event
from bina_local.addresses import SERVICES
from chaos.asked import ends, entries
from chaos.findings import DUPLICATE, LOST, OPEN, ORDER, WRONG, Found
from chaos.observing import Observed, Record, Row

ENROLMENTS = "enrollment.enrollments"
ACCEPTED, DONE, WITHDRAWN = "enrollment.accepted.v1", "training.completed.v1", "enrollment.withdrawn.v1"
OPENED = "assessment.opened.v1"
NOTICES = {
    "enrollment.waitlisted.v1": "enrollment_waitlisted",
    WITHDRAWN: "enrollment_withdrawn",
    DONE: "training_completed",
    "training.not_completed.v1": "training_not_completed",
    "training.result_corrected.v1": "result_corrected",
    "certificate.revoked.v1": "certificate_revoked",
    "evaluation.task_opened.v1": "task_opened",
}
ONCE = {OPENED: "assessment_id", "evaluation.task_opened.v1": "task_id", "notice.delivered.v1": "notice_id"}
"""Facts that are told once of the thing they name."""


@cache
def subscribed(service: str) -> dict[str, type[Event]]:
    """The types a service reacts to."""
    wanted: dict[str, type[Event]] = import_module(f"{service}.app").service.reactions(demo=True).wanted
    return wanted


def first_copies(records: Iterable[Record]) -> list[Record]:
    seen: set[str] = set()
    found = []
    for record in records:
        if record.id not in seen:
            seen.add(record.id)
            found.append(record)
    return found


def versions_out_of_order(observed: Observed) -> tuple[int, int]:
    """Over all (topic, key), in first copies: versions lower than the one before, and versions that are not there."""
    inversions = gaps = 0
    for versions in _versions(observed).values():
        inversions += sum(later < earlier for earlier, later in pairwise(versions))
        gaps += max(versions) - len(set(versions))
    return inversions, gaps


def _versions(observed: Observed) -> dict[tuple[str, str], list[int]]:
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in first_copies(observed.told()):
        told[record.topic, record.key].append(record.version)
    return told


def versions_rise_one_by_one(observed: Observed) -> Found:
    """Per (topic, key), first copies count up from 1 without gap; as far as the database counted."""
    told = _versions(observed)
    for stream, versions in told.items():
        if versions != list(range(1, len(versions) + 1)):
            yield ORDER, f"{stream}: versions {versions}"
    for service, tables in observed.tables.items():
        for row in tables["streams"]:
            if (last := len(told.get((row["topic"], row["key"]), ()))) != row["version"]:
                yield (
                    LOST,
                    f"{service} told {row['version']} of {row['topic']} {row['key']}, {last} are there",
                )


def what_is_told_is_published(observed: Observed) -> Found:
    """Each row of each outbox lies on the broker, and nothing else does."""
    there = {record.id for record in observed.told()}
    told: Counter[str] = Counter()
    for service, tables in observed.tables.items():
        for row in tables["outbox"]:
            told[row["event_id"]] += 1
            if row["event_id"] not in there:
                yield LOST, f"{service} told {row['type']} {row['event_id']}: not on {row['topic']}"
            if row["published"] is None:
                yield OPEN, f"{service} has not published {row['event_id']}"
    for id_ in there - told.keys():
        yield WRONG, f"{id_} is on the broker, but in no outbox"


def readers_took_everything(observed: Observed) -> Found:
    """Each service claimed every event of the types it reacts to, and of states the newest."""
    records = first_copies(observed.told())
    for service in SERVICES:
        wanted, tables = subscribed(service), observed.tables[service]
        taken = {row["event_id"] for row in tables["inbox"]}
        known = {(row["fact"], row["key"]): row["version"] for row in tables["facts"]}
        newest = {(f"{r.topic}#version", r.key): r.version for r in records if _is_state(wanted, r)}
        for record in records:
            if record.type in wanted and not _is_state(wanted, record) and record.id not in taken:
                yield LOST, f"{service} did not take {record.type} {record.id}"
        for name, version in newest.items():
            if known.get(name) != version:
                yield LOST, f"{service} knows version {known.get(name)} of {name}, not {version}"


def _is_state(wanted: dict[str, type[Event]], record: Record) -> bool:
    return record.type in wanted and wanted[record.type].state


def facts_of_enrolments_are_right(observed: Observed) -> Found:
    """Each enrolment's facts: a sequence that its story allows."""
    told: dict[str, list[str]] = defaultdict(list)
    for record in first_copies(observed.told()):
        if record.topic == ENROLMENTS:
            told[record.key].append(record.type)
    wanted = ends(observed)
    known = set()
    for row in observed.tables["enrollment"]["enrolments"]:
        known.add(row["enrollment_id"])
        attempts = wanted.get((row["nip"], row["run_code"]), [])
        if row["attempt"] <= len(attempts):
            allowed = attempts[row["attempt"] - 1]["facts"]
            if (facts := told[row["enrollment_id"]]) not in allowed:
                yield _kind(facts, allowed), f"{row['nip']} in {row['run_code']}: {facts}, expected {allowed}"
    for id_ in told.keys() - known:
        yield WRONG, f"facts of an unknown enrolment {id_}: {told[id_]}"


def _kind(facts: list[str], allowed: list[list[str]]) -> str:
    if len(facts) > max(map(len, allowed)):
        return DUPLICATE
    return LOST if len(facts) < min(map(len, allowed)) else WRONG


def nothing_is_told_twice(observed: Observed) -> Found:
    """What happens once to a test, a task or a notice is told by one event."""
    times = Counter(
        (record.type, record.body[ONCE[record.type]])
        for record in first_copies(observed.told())
        if record.type in ONCE
    )
    for (kind, id_), many in times.items():
        if many > 1:
            yield DUPLICATE, f"{kind} of {id_} was told {many} times"


def neighbours_know_each_enrolment(observed: Observed) -> Found:
    """The copies of assessment, evaluation and notification say what the facts lead to."""
    facts: dict[str, set[str]] = defaultdict(set)
    for record in observed.told():
        if record.topic == ENROLMENTS:
            facts[record.key].add(record.type)
    rows = observed.tables["enrollment"]["enrolments"]
    for service, expect in COPIES.items():
        copies = {row["enrollment_id"]: row for row in observed.tables[service]["enrolments"]}
        for row in rows:
            id_ = row["enrollment_id"]
            expected, copy = expect(row["state"], facts[id_]), copies.get(id_)
            if expected != (None if copy is None else {name: copy[name] for name in expected or ()}):
                kind = LOST if copy is None else WRONG
                yield kind, f"{service}: {id_} is {copy}, expected {expected}"
        for id_ in copies.keys() - {row["enrollment_id"] for row in rows}:
            yield WRONG, f"{service} knows an enrolment that is none: {id_}"


def _assessed(state: str, facts: set[str]) -> Row | None:
    return {"state": state} if ACCEPTED in facts else None


def _evaluated(state: str, facts: set[str]) -> Row | None:
    if not facts & {ACCEPTED, WITHDRAWN}:
        return None
    left = WITHDRAWN in facts
    return {"accepted": ACCEPTED in facts, "withdrawn": left, "completed": state == "completed"}


def _notified(state: str, facts: set[str]) -> Row | None:
    return {"ended": state in ("withdrawn", "completed", "not_completed")} if facts else None


COPIES: dict[str, Callable[[str, set[str]], Row | None]] = {
    "assessment": _assessed,
    "evaluation": _evaluated,
    "notification": _notified,
}
"""By service: what its copy of an enrolment says, from the enrolment's state and the types told of it."""


def everybody_is_told_once(observed: Observed) -> Found:
    """One notice for each fact that calls for one, and no other of these kinds."""
    notices = observed.tables["notification"]["notices"]
    found = Counter((row["event_id"], row["kind"]) for row in notices)
    wanted = {(r.id, kind) for r in first_copies(observed.told()) if (kind := notice_of(r))}
    for id_, kind in wanted - found.keys():
        yield LOST, f"notice {kind} of {id_}"
    kinds = {*NOTICES.values(), "enrollment_accepted", "pretest_ready", "posttest_ready"}
    for (id_, kind), many in found.items():
        if kind in kinds and ((id_, kind) not in wanted or many > 1):
            yield DUPLICATE, f"notice {kind} of {id_}, {many} times"


def notice_of(record: Record) -> str | None:
    """The kind of notice that a fact leads to."""
    if record.type == ACCEPTED:
        return "enrollment_accepted" if record.body["origin"] == "request" else None
    if record.type == OPENED:
        return "pretest_ready" if record.body["kind"] == "pre" else "posttest_ready"
    return NOTICES.get(record.type)


def every_notice_is_mailed(observed: Observed) -> Found:
    """Whoever has an address got each notice at least once; nothing was mailed that is no notice."""
    mailed = mails(observed)
    known = {row["notice_id"] for row in observed.tables["notification"]["notices"]}
    planned = {row["notice_id"]: row for row in observed.tables["notification"]["deliveries"]}
    for id_ in known - planned.keys():
        yield LOST, f"no delivery of notice {id_}"
    for id_, row in planned.items():
        if row["email"] and (row["state"] != "sent" or not mailed[id_]):
            yield LOST, f"notice {id_} to {row['email']}: {row['state']}, mailed {mailed[id_]} times"
    for id_ in mailed.keys() - known:
        yield WRONG, f"a mail of no notice: {id_}"


def mails(observed: Observed) -> Counter[str]:
    """How often each notice was mailed."""
    return Counter(e["message_id"].strip("<>").partition(".")[0] for e in entries(observed, "mail"))


def all_is_done(observed: Observed) -> Found:
    for name, left in observed.left.items():
        yield OPEN, f"{name} has left: {left}"
    for service, tables in observed.tables.items():
        for row in tables["failed_due"]:
            yield OPEN, f"{service} could not do {row}"


CHECKS = (
    versions_rise_one_by_one,
    what_is_told_is_published,
    readers_took_everything,
    facts_of_enrolments_are_right,
    nothing_is_told_twice,
    neighbours_know_each_enrolment,
    everybody_is_told_once,
    every_notice_is_mailed,
    all_is_done,
)
