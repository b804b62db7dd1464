"""Raters stay anonymous to whom they rated (UU 27/2022 Pasal 33), and see all that they answered themselves."""

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest

from .conftest import ClientOf
from .story import announced, completed, person, recorded

RUN = "KEU-2026-02"


async def data_of(client_of: ClientOf, name: str) -> tuple[dict, str]:
    async with client_of(person(name)) as client:
        answer = await client.get("/evaluation/api/v1/me/data")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.text


def rows(data: dict, what: str) -> list[dict]:
    return next(kept["rows"] for kept in data["kept"] if kept["what"] == what)


async def test_what_a_supervisor_answers_is_theirs_alone(evaluation: ServiceUnderTest, client_of: ClientOf):
    await evaluation.receives(announced(RUN, -400, -183), recorded("rahma", "erna"), recorded("erna"))
    await evaluation.receives(completed(RUN, "rahma", on=-183))
    await evaluation.does_due_work(clock.now())
    (task, *_more) = await evaluation.rows(
        "SELECT task_id FROM tasks WHERE role = 'supervisor' AND state = 'open' ORDER BY task_id"
    )
    async with evaluation.sessions() as session, session.begin():
        await session.fetch(
            """INSERT INTO responses (task_id, receipt, answered_on, score, answers, digest)
            VALUES ($1, 'TANDA-TERIMA', current_date, 2.25, '{"t1": "Kurang teliti"}', '\\x00')""",
            task.task_id,
        )
    told, text = await data_of(client_of, "rahma")
    about = rows(told, "Penilaian tentang Anda yang diminta, tanpa penilainya")
    assert "supervisor" in {row["role"] for row in about}
    shown = {"run_id", "instrument_code", "level", "method", "role", "opens_on", "closes_on"}
    assert [set(row) for row in about] == [shown] * len(about)
    for secret in ("TANDA-TERIMA", "Kurang teliti", "2.25", str(task.task_id)):
        assert secret not in text
    supervisor = rows(told, "Nama, jabatan, dan unit")[0].pop("supervisor_id")
    assert supervisor == str(person("erna"))
    assert text.count(str(person("erna"))) == 1  # as their supervisor, nowhere as a rater

    answered, _text = await data_of(client_of, "erna")
    (response,) = rows(answered, "Jawaban Anda")
    assert response["answers"] == {"t1": "Kurang teliti"}
    assert recorded("rahma").name not in _text


async def test_when_a_rater_looked_and_in_what_role_is_not_told(
    evaluation: ServiceUnderTest, client_of: ClientOf
):
    await evaluation.receives(announced(RUN, -400, -183), recorded("rahma", "erna"), recorded("erna"))
    await evaluation.receives(completed(RUN, "rahma", on=-183))
    await evaluation.does_due_work(clock.now())
    (task, *_more) = await evaluation.rows(
        "SELECT task_id FROM tasks WHERE role = 'supervisor' AND state = 'open' ORDER BY task_id"
    )
    async with client_of(person("erna")) as client:
        for path in (f"/evaluation/isi/{task.task_id}", "/evaluation/tugas", "/evaluation/api/v1/tasks"):
            assert (await client.get(path)).status_code == 200
    told, text = await data_of(client_of, "rahma")
    today = told["as_of"][:10]
    look = {"at": today, "page": "Tugas menilai", "kind": "reading", "actor": "rater"}
    assert told["looked"] == [look] * 3
    assert str(task.task_id) not in text
    async with client_of(person("rahma")) as client:
        page = (await client.get("/evaluation/potongan/data-saya")).text
    assert page.count("Penilai</td>") == 3
    assert "pukul" not in page
