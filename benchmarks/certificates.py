"""1,000 certificates of one run: issued as the service's due work does it, then made as PDF/A and packed, as its page does.

The baseline is what is wanted for both together.
"""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bina.messaging import clock
from bina.messaging.due import DueWork
from enrollment.certificates.schedule import schedule

from .desk import AGENCY, Desk, cut, desk, person_id, send
from .figures import Figure, figure, say
from .parts import Parts
from .scenarios import nip

PEOPLE, BATCH = 1_000, 500
TARGET_SECONDS = 60.0
RUN = "SERTIFIKAT-1"


async def measure(parts: Parts, runs: int) -> list[Figure]:
    """Seconds of issuing, and of the whole."""
    issued, whole = [], []
    for number in range(runs):
        async with desk(parts) as at:
            await _fill(at)
            issued.append(await _issue(at))
            whole.append(issued[-1] + await _pack(at))
        say(f"certificates run {number + 1}: issued in {issued[-1]:.1f} s, with their PDFs {whole[-1]:.1f} s")
    note = f"{PEOPLE:,} of one run; baseline is the target"
    return [
        figure("certificates.issue", issued, "s", [TARGET_SECONDS], note),
        figure("certificates.whole", whole, "s", [TARGET_SECONDS], f"PDF/A in a ZIP, {note}"),
    ]


async def _fill(at: Desk) -> None:
    """A run that everybody passed."""
    begun = clock.today() - timedelta(days=10)
    days = {"starts_on": begun.isoformat(), "ends_on": (begun + timedelta(days=4)).isoformat()}
    people = [
        {"id": person_id(n), "nip": nip(n), "name": f"Pegawai {n}", "agency_code": AGENCY}
        for n in range(PEOPLE)
    ]
    await at.record("asn", people)
    await at.record("programmes", [{"code": "PBJ", "name": "Pengadaan Barang dan Jasa", "jp": 20}])
    await at.record("runs", [{"code": RUN, "programme": "PBJ", "organiser": AGENCY, "seats": PEOPLE} | days])
    passed = {"run_code": RUN, "result": "passed", "completed_on": days["ends_on"], "jp": 20}
    for part in cut([passed | {"nip": nip(n)} for n in range(PEOPLE)], BATCH):
        answers = (await send(at.operator, "events", [_reported(one) for one in part])).json()
        assert all(one["outcome"] == "accepted" for one in answers["answers"]), answers["answers"][0]


def _reported(data: dict[str, object]) -> dict[str, object]:
    told = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "bench",
        "type": "training.result.reported.v1",
    }
    return told | {"time": datetime.now(UTC).isoformat(), "data": data}


async def _issue(at: Desk) -> float:
    begun = time.perf_counter()
    await send(at.operator, f"runs/{RUN}/certificates", {})
    work = DueWork(at.runtime.sessions, [schedule])
    while await work.run():
        pass
    taken = time.perf_counter() - begun
    state = (await at.operator.get(f"/enrollment/api/v1/runs/{RUN}/certificates")).raise_for_status().json()
    assert state["issued"] == PEOPLE, state
    return taken


async def _pack(at: Desk) -> float:
    begun = time.perf_counter()
    answer = await at.operator.get(f"/enrollment/angkatan/{RUN}/sertifikat/semua.zip")
    assert len(answer.raise_for_status().content) > PEOPLE * 1_000
    return time.perf_counter() - begun
