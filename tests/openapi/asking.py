"""Schemathesis over a service that knows its story: what it is told to ask, and what it finds."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi import from_dict

from bina.messaging.testing import ServiceUnderTest

SEED = 20261123
EXAMPLES = 16
OFTEN = 0.6
"""How often a place that names something known does."""
NAMED = {
    "agency": "agency_code",
    "organiser": "agency_code",
    "asn": "asn_id",
    "run": "run_code",
    "reference": "run_code",
    "recipient": "recipient_id",
    "respondent": "nip",
}
"""Parameters that are named otherwise than the columns in which their values stand."""
NUMBERED = {"messaging.held": "held_id", "messaging.redrives": "redrive_id", "audit.entries": "entry_id"}
_COLUMNS = """SELECT table_schema || '.' || table_name AS place, column_name AS name FROM information_schema.columns
    WHERE (table_schema = 'public' AND (data_type = 'uuid' OR column_name IN ('nip', 'run_code', 'agency_code',
        'programme_code', 'code'))) OR (table_schema = 'messaging' AND table_name IN ('held', 'redrives') AND column_name = 'id')
        OR (table_schema = 'audit' AND table_name = 'entries' AND column_name = 'id')
    ORDER BY 1, 2"""


@dataclass
class Report:
    """What was found, one text each with the request that shows it, and which operations ever did their work."""

    findings: list[str] = field(default_factory=list)
    answered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, event: Any) -> None:
        """Take in what Schemathesis tells."""
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.findings.append(repr(event))
        if isinstance(event, events.ScenarioFinished):
            self.findings += failures(event) if event.status in {Status.FAILURE, Status.ERROR} else []
            for asked in event.recorder.interactions.values():
                self.answered[event.label or ""].add(asked.response.status_code if asked.response else 0)

    def never_done(self, method: str) -> list[str]:
        """Operations that were never answered with what they promise."""
        labels = (label for label in self.answered if label.startswith(method))
        return [label for label in labels if not any(code < 300 for code in self.answered[label])]


def failures(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        case = event.recorder.cases[case_id].value
        for check in checks:
            if check.failure_info is not None:
                yield f"{case.as_curl_command()}\n{check.failure_info.failure}"


async def known_to(service: ServiceUnderTest) -> dict[str, list[str | int]]:
    """Some values of every column that names something, by the column's name."""
    known: dict[str, set[str | int]] = defaultdict(set)
    for column in await service.rows(_COLUMNS):
        rows = await service.rows(
            f"SELECT DISTINCT {column.name}::text AS value FROM {column.place} ORDER BY 1 LIMIT 12"
        )
        known[NUMBERED.get(column.place, column.name)] |= {row.value for row in rows if row.value}
    known |= {
        name: {int(value) for value in known[name] if str(value).isdecimal()} for name in NUMBERED.values()
    }
    return {name: sorted(values) for name, values in known.items() if values}


def configuration(base_url: str, token: str, known: dict[str, list[str | int]]) -> dict[str, Any]:
    """Bounded, and the same in every run."""
    names = {name: column for name, column in NAMED.items() if column in known} | {
        name: name for name in known
    }
    texts = {value for values in known.values() for value in values if isinstance(value, str)}
    return {
        "base-url": base_url,
        "seed": SEED,
        "headers": {"Authorization": f"Bearer {token}"},
        "dictionaries": {name: {"values": values} for name, values in known.items()}
        | {"any": {"values": sorted(texts)}},
        "parameters": {name: {"dictionary": column, "probability": OFTEN} for name, column in names.items()},
        "generation": {
            "mode": "all",
            "max-examples": EXAMPLES,
            "deterministic": True,
            "database": "none",
            "dictionaries": {"string": {"dictionary": "any", "probability": OFTEN}},
        },
        # sequences of operations need links between them, which the documents do not tell
        "phases": {"stateful": {"enabled": False}},
        # what a schema allows may still be refused for the state of things: full, closed, unknown
        "checks": {"positive_data_acceptance": {"enabled": False}},
    }


def ask(document: dict[str, Any], config: dict[str, Any]) -> Report:
    """Ask everything; takes seconds, in which the service must be served elsewhere."""
    report = Report()
    for event in from_schema(from_dict(document, config=SchemathesisConfig.from_dict(config))).execute():
        report.add(event)
    return report
