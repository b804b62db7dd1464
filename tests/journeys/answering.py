"""People at their tests and forms, through the machine interface."""

from typing import Any
from uuid import UUID

from evaluation.instruments.shipped import Question, load_instruments
from journeys.running import Caller, eventually
from journeys.world import Asn, World


async def open_test(world: World, asn: Asn, kind: str, run_code: str) -> dict[str, Any]:
    """The person's own test of a run, once it is open."""
    caller = world.as_asn(asn)

    async def opened() -> dict[str, Any] | None:
        tests = await caller.get("/assessment/api/v1/assessments")
        mine = (t for t in tests if (t["kind"], t["run_code"], t["standing"]) == (kind, run_code, "open"))
        return next(mine, None)

    return await eventually(opened)


async def take_test(world: World, asn: Asn, kind: str, run_code: str, *, right: int) -> dict[str, Any]:
    """Answer a test with so many right answers; gives the result."""
    test = await open_test(world, asn, kind, run_code)
    path = f"/assessment/api/v1/assessments/{test['assessment_id']}"
    told = (await world.platform.get(path))["questions"]  # in a demonstration the platform sees what is right
    answers = {
        question["id"]: question["right"] if number < right else _wrong(question)
        for number, question in enumerate(told)
    }
    return await world.as_asn(asn).post(f"{path}/answers", {"answers": answers})


def _wrong(question: dict[str, Any]) -> str:
    return next(o["letter"] for o in question["options"] if o["letter"] != question["right"])


async def open_task(caller: Caller, instrument: str, run_id: UUID, about: Asn) -> dict[str, Any]:
    """The caller's own task about somebody's training, once it is open."""

    async def opened() -> dict[str, Any] | None:
        tasks = (await caller.get("/evaluation/api/v1/tasks"))["tasks"]
        wanted = (instrument, str(run_id), str(about.asn_id))
        mine = (t for t in tasks if (t["instrument_code"], t["run_id"], t["about_id"]) == wanted)
        return next(mine, None)

    return await eventually(opened)


async def answer_task(caller: Caller, instrument: str, run_id: UUID, about: Asn, *, scale: int) -> str:
    """Answer a form's required questions, `scale` everywhere; gives the receipt."""
    task = await open_task(caller, instrument, run_id, about)
    path = f"/evaluation/api/v1/tasks/{task['task_id']}/answers"
    body = {"answers": answers_to(instrument, scale)}
    receipt = (await caller.post(path, body))["receipt"]
    again = (await caller.post(path, body))["receipt"]
    assert again == receipt
    return receipt


def answers_to(instrument: str, scale: int, competency: str = "T5") -> dict[str, Any]:
    questions = load_instruments()[instrument].questions_for([competency])
    return {question.id: _answer(question, scale) for question in questions if question.required}


def _answer(question: Question, scale: int) -> Any:
    if question.kind == "choice":
        return question.choices[0].code
    return {"scale4": scale, "number": 8, "text": "Laporan bulanan kini selesai sepekan lebih awal."}[
        question.kind
    ]
