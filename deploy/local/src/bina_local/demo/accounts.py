"""The people to sign in as: each one's page has something to show."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

from evaluation.instruments.shipped import load_instruments

from .answers import Seat
from .model import DemoAccount, Person, Response

AGENCY = "5571"


def choose_accounts(
    people: Sequence[Person],
    seats: Sequence[Seat],
    responses: Iterable[Response],
    tested: Collection[str],
    as_of: date,
) -> tuple[DemoAccount, ...]:
    """One per role, all of Kota Jambi but the platform's operator; `tested` runs let Bina see what people can do."""
    own = [p for p in people if p.agency == AGENCY]
    answered = {(r.instrument, r.respondent, r.about, r.run) for r in responses}
    here = [seat for seat in seats if seat.person.agency == AGENCY]

    def owing(code: str, status: str) -> list[Seat]:
        due = (s for s in here if s.person.status == status and _open(s, code, as_of))
        return [s for s in due if (code, s.person.nip, s.person.nip, s.run) not in answered]

    trainings = Counter(seat.person.nip for seat in here)

    def to_recommend(seat: Seat) -> tuple[bool, bool, int, float, str]:
        """Whose gap Bina saw, whose job asks for more, and who has not been to the training that gives it."""
        person = seat.person
        is_basic = not person.job_level.startswith("Ahli")
        return seat.run not in tested, is_basic, trainings[person.nip], seat.gain, person.nip

    asn = min(owing("L3-ALUMNUS", "PNS"), key=to_recommend).person
    contract = min(owing("L1-REACTION", "PPPK"), key=lambda s: s.person.nip).person
    leading = (p for p in own if p.job_level in {"Pengawas", "Administrator"})
    alumni = Counter(s.person.supervisor for s in here if _open(s, "L3-SUPERVISOR", as_of))
    trained = Counter(s.person.supervisor for s in here if s.completed_on)
    supervisor = max(leading, key=lambda p: (min(alumni[p.nip], 3), trained[p.nip], p.nip))
    return (
        DemoAccount("ASN (PNS)", asn.nip, "asn", "kesenjangan kompetensi, JP, survei yang menunggu"),
        DemoAccount("ASN (PPPK)", contract.nip, "asn", "batas 24 JP dan masa perjanjian kerja"),
        DemoAccount("Atasan", supervisor.nip, "supervisor", "beberapa alumni menunggu dinilai"),
        DemoAccount("Evaluator", _first(own, _has("evaluator")), "evaluator", "wawancara dan pengamatan"),
        DemoAccount(
            "Operator BKPSDM", _first(own, _has("operator")), "operator", "pendaftaran, presensi, pelatihan"
        ),
        DemoAccount(
            "Pimpinan instansi", _first(own, _has("head")), "head", "dampak pelatihan, capaian 20 JP"
        ),
        DemoAccount(
            "Operator platform", _first(people, _has("platform")), "platform", "antrean pesan dan /ops"
        ),
    )


def _open(seat: Seat, code: str, on: date) -> bool:
    window = load_instruments()[code].window
    return seat.completed_on is not None and (
        window.opens_on(seat.completed_on) <= on <= window.closes_on(seat.completed_on)
    )


def _has(role: str) -> Callable[[Person], bool]:
    return lambda person: role in person.roles


def _first(people: Iterable[Person], fits: Callable[[Person], bool]) -> str:
    return next(person.nip for person in people if fits(person))
