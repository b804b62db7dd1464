"""What is asked of each route of enrollment about a record."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from bina.messaging import clock

from . import people
from .people import HERE, OURS, Record, id_of
from .trying import AGENCIES, Ask, Tried, World


def place(record: Record) -> UUID | None:
    return record.units[-1] if record.units else None


def asn_row(_world: World, record: Record) -> Ask:
    number = f"{uuid4().int % 1000:03d}"
    row = {"nip": f"199003032015011{number}", "name": "Orang Baru", "agency_code": record.agency}
    return Ask(json={"items": [row | {"unit_id": str(place(record))}]})


def unit_row(_world: World, record: Record) -> Ask:
    row = {"id": str(uuid4()), "agency_code": record.agency, "name": "Unit Baru"}
    return Ask(json={"items": [row | {"parent_id": str(place(record))}]})


def person(**form: object) -> Tried:
    """A form that is no good, so that everybody stays where they are."""
    return Tried(people.PERSONS, lambda _w, record: Ask({"asn_id": record.asn.asn_id}, form=form), meets=422)


def pair(name: str) -> Callable[[World, Any], Ask]:
    return lambda _w, record: Ask(form={name: people.ASKER.asn_id, "lain": record.asn.asn_id})


def unit(form_of: str = "", **form: object) -> Tried:
    path = {"form": form_of} if form_of else {}
    return Tried(people.PLACES, lambda _w, record: Ask({"unit_id": place(record), **path}, form=form))


def unit_form(_world: World, record: Record) -> Ask:
    return Ask(form={"instansi": record.agency, "nama": "Unit Baru", "induk": place(record)})


def unit_moved(_world: World, record: Record) -> Ask:
    above = record.units[:-1]
    form = {"induk": above[-1]} if above else {}
    return Ask({"unit_id": place(record)}, form=form)


def run_row(_world: World, record: Record) -> Ask:
    assert record.run is not None
    day = clock.today().isoformat()
    row = {"code": f"X-{uuid4().hex[:8]}", "programme": "AKS", "organiser": record.run.organiser}
    return Ask(json={"items": [row | {"starts_on": day, "ends_on": day}]})


def run_command(body: dict[str, Any]) -> Callable[[World, Any], Ask]:
    return lambda _world, record: Ask({"reference": record.run.code}, json=body)


def programme(_world: World, record: Record) -> Ask:
    code = "ASING" if record.agency != HERE else f"P{uuid4().hex[:6]}"
    return Ask(json={"items": [{"code": code, "name": "Program", "jp": 10}]})


PROGRAMME = {
    "name": "Program", "kind_id": "3", "jp": "10", "theory": "4", "practice": "6", "simulation": "", "case_study": "",
    "mode": "klasikal", "competencies": "", "job_levels": "", "agencies": "", "quota": "30",
}  # fmt: skip


def draft(todo: str, **form: object) -> Tried:
    """A draft that is there for this route alone."""
    return Tried(AGENCIES, lambda _world, record: Ask({"code": f"{todo}-{record.agency}"}, form=form))


def giver(where: str, kind: str, **form: object) -> Tried:
    """A partner or speaker that an agency recorded."""
    return Tried(AGENCIES, lambda _world, record: Ask({where: id_of(kind, record.agency)}, form=form))


def any_giver(name: str, kind: str) -> Tried:
    return Tried(fill=lambda _world, _none: Ask({name: id_of(kind, people.THERE)}))


def seminar(_world: World, record: Record) -> Ask:
    assert record.run is not None
    form = {
        "kind_id": "9",
        "name": "Seminar",
        "code": f"S-{uuid4().hex[:8]}",
        "organiser": record.run.organiser,
    }
    times = {"day": clock.today().isoformat(), "from": "08:00", "to": "12:00"}
    return Ask(form=form | times | {"seats": "50"})


def run_form(_world: World, record: Record) -> Ask:
    assert record.run is not None
    day = clock.today().isoformat()
    form = {
        "code": f"X-{uuid4().hex[:8]}",
        "organiser": record.run.organiser,
        "starts_on": day,
        "ends_on": day,
    }
    return Ask({"code": "AKS", "reference": record.run.code}, form=form | {"seats": "20"})


def credit(**form: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"credit_id": world.credits[record.asn.key]}, form=form)


def approval(json: Any = None, **form: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"approval_id": world.approvals[record.asn.key]}, json=json, form=form)


def transfer(json: Any = None, **form: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"transfer_id": world.transfers[record.asn.key]}, json=json, form=form)


def asked_by(world: World, record: Record) -> Ask:
    """A request that an agency made, which is for somebody of the other one."""
    one = next(asn for asn in people.PEOPLE if (asn.agency == people.HERE) != (record.agency == people.HERE))
    return Ask({"transfer_id": world.transfers[one.key]})


def opening(_world: World, record: Record) -> Ask:
    row = {"nip": record.asn.nip, "year": clock.today().year, "jp": 4, "source": "SIMPEG"}
    return Ask(json={"items": [row]})


def seat(_world: World, record: Record) -> Ask:
    own = record.asn is people.ASKER
    return Ask(json={"run": OURS.code} | ({} if own else {"nip": record.asn.nip}))


def seat_form(_world: World, record: Record) -> Ask:
    own = record.asn is people.ASKER
    return Ask({"reference": OURS.code}, form={} if own else {"nip": record.asn.nip})


def machine(world: World, record: Record) -> Ask:
    return Ask({"machine_id": world.machines[record.agency]})


def events(_world: World, record: Record) -> Ask:
    data = {"nip": "199003032015011001", "run_code": "TIADA-1"}
    event = {"specversion": "1.0", "id": str(uuid4()), "source": "simpeg", "type": "enrollment.requested.v1"}
    event |= {"time": clock.now().isoformat(), "data": data}
    return Ask(query={"agency": record.agency}, json=[event])


def imported(json: Any = None, **more: object) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"import_id": world.imports[record.agency], **more}, json=json)


def enrolment(body: dict[str, Any]) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({"enrollment_id": world.enrolments[record.label]}, json=body)


def correction(world: World, record: Record) -> Ask:
    body = {"completed": False, "jp": 0, "completed_on": clock.today().isoformat(), "reason": "Salah baris"}
    return Ask({"enrollment_id": world.enrolments[record.label]}, json=body)


def withdraw_form(world: World, record: Record) -> Ask:
    return Ask({"reference": record.run.code}, form={"enrollment_id": world.enrolments[record.label]})


def substitute_form(world: World, record: Record) -> Ask:
    form = {"enrollment_id": world.enrolments[record.label], "pengganti": "199003032015011001"}
    return Ask({"reference": record.run.code}, form=form)


def certificate(name: str, json: Any = None) -> Callable[[World, Any], Ask]:
    return lambda world, record: Ask({name: world.certificates[record.label]}, json=json)


def revocation(world: World, record: Record) -> Ask:
    number = next(world.certificates[one.label] for one in people.ENROLMENTS if one.run is record.run)
    return Ask({"reference": record.run.code}, form={"number": number, "reason": "Salah orang"})


def attendance(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(json={"enrollments": chosen[:1], "met_on": clock.today().isoformat()})


def attendance_form(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    form = {f"attendance.{chosen[0]}": "met", "met_on": clock.today().isoformat()}
    return Ask({"reference": record.run.code}, form=form)


def session(json: Any = None, **form: object) -> Tried:
    """A session of a run, which is in reach as the run's organiser or as who teaches it."""
    return Tried(people.ORGANISED, lambda _world, record: Ask(path_of(record), json=json, form=form))


def path_of(record: Record) -> dict[str, object]:
    assert record.run is not None
    return {"reference": record.run.code, "session_id": id_of("session", record.run.code)}


def session_marks(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(path_of(record), json={"present": chosen[:1]})


def session_list(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    return Ask(path_of(record), form={f"attendance.{chosen[-1]}": "absent"})


def received(world: World, record: Record) -> Ask:
    chosen = [str(world.enrolments[one.label]) for one in people.ENROLMENTS if one.run is record.run]
    return Ask(path_of(record), json={"enrollments": chosen[:1]})


def received_form(world: World, record: Record) -> Ask:
    chosen = [world.enrolments[one.label] for one in people.ENROLMENTS if one.run is record.run]
    return Ask(path_of(record), form={f"received.{chosen[0]}": "1", "received_on": clock.today().isoformat()})


def own_session() -> Tried:
    return Tried(fill=lambda _world, _none: Ask({"session_id": id_of("session", people.THEIRS.code)}))
