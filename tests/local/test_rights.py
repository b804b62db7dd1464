"""The list of who may do what is the one that services and contracts imply."""

import importlib
from pathlib import Path

import pytest

from bina.events import REGISTRY
from bina.events.platform import AuditSealed
from bina_local import topics
from bina_local.addresses import SERVICES
from bina_local.rights import Right, of_services, of_the_agency

WRITERS = {"agency.enrollments": "agency", "agency.outcomes": "enrollment", "platform.clock": "operator"}
ALL = {topic.name.rstrip("."): topic for topic in [*topics.listed(), *topics.of_every_agency()]}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_read_what_it_reacts_to_and_nothing_else_of_others(name: str):
    reacts = importlib.import_module(f"{name}.app").service.reactions(demo=True).topics
    listed = {topic for topic, wanted in ALL.items() if name in wanted.readers}
    assert listed == reacts, f"deploy/topics.yaml: let {name} be among the readers of what it reacts to"


@pytest.mark.parametrize(
    "topic", sorted({contract.topic for contract in REGISTRY.values()} - {AuditSealed.topic})
)
def test_whose_contract_it_is_writes_the_topic(topic: str):
    writer = WRITERS.get(topic) or topic.partition(".")[0]
    assert ALL[topic].writer == writer, f"deploy/topics.yaml: the writer of {topic}"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_alone_writes_its_audit_s_anchors_and_no_service_reads_them(name: str):
    anchors = ALL[f"{name}.{AuditSealed.topic}"]
    assert (anchors.writer, anchors.readers) == (name, ())


def test_nobody_but_notification_reads_contacts():
    rights = of_services() | of_the_agency("5571")
    may = {right.principal for right in rights if right.name == "enrollment.contacts"}
    assert may == {"enrollment", "notification"}
    assert not [right for right in rights if right.prefixed and "enrollment.contacts".startswith(right.name)]


def test_an_agency_has_its_pair_and_groups_of_its_name():
    assert of_the_agency("5571") == {
        Right("agency.5571", "WRITE", "TOPIC", "agency.enrollments.5571"),
        Right("agency.5571", "READ", "TOPIC", "agency.outcomes.5571"),
        Right("agency.5571", "READ", "GROUP", "agency.5571.", prefixed=True),
    }


def test_a_code_that_would_reach_into_anothers_names_is_refused():
    with pytest.raises(ValueError, match="kode instansi"):
        of_the_agency("5571.5508")


def test_a_reader_that_is_no_more_loses_its_right(tmp_path: Path):
    text = (topics.project_root() / "deploy" / "topics.yaml").read_text()
    changed = tmp_path / "topics.yaml"
    changed.write_text(
        text.replace("writer: evaluation, readers: [notification]", "writer: evaluation, readers: []")
    )
    gone = of_services() - of_services(changed)
    assert gone == {Right("notification", "READ", "TOPIC", "evaluation.tasks")}
