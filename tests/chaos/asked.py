"""What was asked, against what was answered and recorded by the service that decides."""

from collections import Counter, defaultdict
from typing import Any

from chaos.findings import DUPLICATE, LOST, OPEN, WRONG, Found
from chaos.journal import Entry
from chaos.observing import INBOUND, OUTCOMES, Observed, Row
from chaos.poison import POISONS
from chaos.sending import ACKNOWLEDGED, UNKNOWN

CODES = {poison.name: poison.code for poison in POISONS}
REFUSED = "refused"


def entries(observed: Observed, what: str) -> list[Entry]:
    return observed.by_kind[what]


def sent_as(entry: Entry) -> str:
    """What tells one command or event from all others; a second use of an id is another one."""
    return str(entry.get("key") or f"{entry['id']}/{entry.get('poison', '')}")


def everything_is_decided(observed: Observed) -> Found:
    """Each command and event came to one known outcome, whatever was unknown on the way."""
    last: dict[str, Entry] = {}
    known: dict[str, set[str]] = defaultdict(set)
    for entry in entries(observed, "outcome"):
        if entry["outcome"] != UNKNOWN:
            known[sent_as(entry)].add(entry["outcome"])
    for entry in (*entries(observed, "command"), *entries(observed, "event")):
        last[sent_as(entry)] = entry
    for name, entry in last.items():
        outcomes = known[name]
        if len(outcomes) != 1:
            yield OPEN, f"{name}: outcomes {sorted(outcomes)}"
        elif entry["what"] == "command" and outcomes != {entry["expected"]}:
            yield WRONG, f"{name} {entry['path']}: {outcomes}, expected {entry['expected']}"


def every_story_ended(observed: Observed) -> Found:
    ended = {entry["number"] for entry in entries(observed, "story ended")}
    for entry in entries(observed, "story"):
        if entry["number"] not in ended:
            yield OPEN, f"story {entry['number']} ({entry['name']}) did not end"
    for entry in entries(observed, "story failed"):
        yield WRONG, f"story {entry['number']} ({entry['name']}): {entry['error']}"


def acknowledged_commands_are_stored(observed: Observed) -> Found:
    """The key of an acknowledged command lies beside its effect, that of a refused one nowhere."""
    stored = Counter(row["key"] for row in observed.tables["enrollment"]["commands"])
    acknowledged = {
        e["key"] for e in entries(observed, "outcome") if "key" in e and e["outcome"] == ACKNOWLEDGED
    }
    for key in acknowledged - stored.keys():
        yield LOST, f"command {key}"
    for key in stored.keys() - acknowledged:
        yield WRONG, f"command {key} was stored and not acknowledged"


def every_event_is_answered_once(observed: Observed) -> Found:
    """An agency hears of each of its events what it must, once, in order."""
    refused = _refusals(observed)
    heard, expected = _answers(observed), _expected(observed)
    for id_ in (expected.keys() | heard.keys()) - refused.keys():
        yield from _unlike(id_, heard[id_], expected.get(id_, [[]]))


def every_unreadable_event_is_refused_once(observed: Observed) -> Found:
    """Of an event that cannot be read it hears once per copy; where its id is another's, after that one's answers."""
    heard, expected = _answers(observed), _expected(observed)
    for id_, copies in _refusals(observed).items():
        ways = [[*way, *[REFUSED] * copies] for way in expected.get(id_, [[]])]
        yield from _unlike(id_, heard[id_], ways)


def _unlike(id_: str, heard: list[str], expected: list[list[str]]) -> Found:
    if heard not in expected:
        more, less = len(heard) > max(map(len, expected)), len(heard) < min(map(len, expected))
        kind = DUPLICATE if more else LOST if less else WRONG
        yield kind, f"event {id_}: answered {heard}, expected one of {expected}"


def _expected(observed: Observed) -> dict[str, list[list[str]]]:
    return {e["id"]: e["expected"] for e in entries(observed, "event") if not e["poison"]}


def _refusals(observed: Observed) -> Counter[str]:
    """How many refusals each poisoned event leads to."""
    refused: Counter[str] = Counter()
    for (id_, _code), copies in _poison(observed).items():
        refused[id_] += copies
    return refused


def _poison(observed: Observed) -> Counter[tuple[str, str]]:
    """Copies on the agencies' topics of what must be parked, by id and reason."""
    copies = _copies(observed)
    wanted: Counter[tuple[str, str]] = Counter()
    for entry in {(e["id"], e["digest"]): e for e in entries(observed, "event") if e["poison"]}.values():
        if code := CODES[entry["poison"]]:
            wanted[entry["id"], code] += copies[entry["id"], entry["digest"]]
    return wanted


def _answers(observed: Observed) -> dict[str, list[str]]:
    """Outcomes by request, in order, without what Kafka carried again."""
    heard: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for record in observed.records:
        if record.topic.startswith(OUTCOMES) and record.id not in seen:
            seen.add(record.id)
            heard[record.body["request_id"]].append(record.body["outcome"])
    return heard


def _copies(observed: Observed) -> Counter[tuple[str, str]]:
    """How often each event lies on the agencies' topics: one in doubt was written again."""
    return Counter((r.id, r.digest) for r in observed.records if r.topic.startswith(INBOUND))


def exactly_the_poison_is_parked(observed: Observed) -> Found:
    wanted = _poison(observed)
    held = observed.tables["enrollment"]["held"]
    parked = Counter((row["event_id"], row["code"]) for row in held if row["state"] == "parked")
    for (id_, code), number in (wanted - parked).items():
        yield LOST, f"poison {id_} ({code}) is not parked, {number} times"
    for (id_, code), number in (parked - wanted).items():
        yield WRONG, f"{id_} ({code}) is parked without need, {number} times"
    for service, tables in observed.tables.items():
        others = [row for row in tables["held"] if service != "enrollment" or row["state"] != "parked"]
        for row in others:
            yield OPEN, f"{service} holds {row}"


def ends(observed: Observed) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """How each person's story in each run must end, attempt by attempt."""
    return {(entry["nip"], entry["run"]): entry["attempts"] for entry in entries(observed, "end")}


def enrolments_are_as_told(observed: Observed) -> Found:
    """Each person in each run: as many attempts as there must be, each in its state, with its JP and certificate."""
    wanted = ends(observed)
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(observed.tables["enrollment"]["enrolments"], key=lambda r: r["attempt"]):
        found[row["nip"], row["run_code"]].append(row)
    for place in wanted.keys() | found.keys():
        rows, attempts = found[place], wanted.get(place, [])
        if len(rows) != len(attempts):
            kind = LOST if len(rows) < len(attempts) else DUPLICATE
            yield kind, f"{place}: {len(rows)} enrolments, expected {len(attempts)}"
            continue
        for row, attempt in zip(rows, attempts, strict=True):
            if wrong := _differences(row, attempt):
                yield WRONG, f"{place}, attempt {row['attempt']}: {wrong}"


def _differences(row: Row, attempt: dict[str, Any]) -> dict[str, Any]:
    wrong = {} if row["state"] in attempt["states"] else {"state": (row["state"], attempt["states"])}
    same = ("jp", "revision", "certificate")
    return wrong | {name: (row[name], attempt[name]) for name in same if row[name] != attempt[name]}


def seats_are_counted(observed: Observed) -> Found:
    """Seats taken and people waiting are as many as there are; nobody waits beside a free seat."""
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for row in observed.tables["enrollment"]["enrolments"]:
        states[row["run_code"]][row["state"]] += 1
    for run in observed.tables["enrollment"]["seats"]:
        of = states[run["run_code"]]
        seated = of["accepted"] + of["completed"] + of["not_completed"]
        if (run["taken"], run["waiting"]) != (seated, of["waitlisted"]):
            yield WRONG, f"{run}: {dict(of)}"
        if of["waitlisted"] and run["taken"] != run["seats"]:
            yield WRONG, f"{run}: somebody waits"


def ledger_holds_completions(observed: Observed) -> Found:
    rows = observed.tables["enrollment"]["enrolments"]
    wanted = {row["enrollment_id"]: row["jp"] for row in rows if row["state"] == "completed"}
    ledger = {row["enrollment_id"]: row["jp"] for row in observed.tables["enrollment"]["ledger"]}
    for id_ in wanted.keys() | ledger.keys():
        if wanted.get(id_) != ledger.get(id_):
            kind = LOST if id_ not in ledger else WRONG
            yield kind, f"JP of {id_}: {ledger.get(id_)}, expected {wanted.get(id_)}"


CHECKS = (
    everything_is_decided,
    every_story_ended,
    acknowledged_commands_are_stored,
    every_event_is_answered_once,
    every_unreadable_event_is_refused_once,
    exactly_the_poison_is_parked,
    enrolments_are_as_told,
    seats_are_counted,
    ledger_holds_completions,
)
