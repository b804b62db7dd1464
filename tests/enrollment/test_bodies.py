"""What the commands' bodies refuse before anything is asked of the database."""

from .conftest import Site
from .story import CITY, PAST, SMALL, asked, enrollment_id, nip, reported


async def test_no_command_or_question_takes_a_nul_character(site: Site):
    await site.svc.receives(reported(7, PAST), asked(3, SMALL), agency=CITY)
    await site.svc.emitted()
    wrong = {"completed": False, "jp": 0, "completed_on": "2026-10-06", "reason": "Salah\0baris"}
    for path, body in (
        (f"results/{enrollment_id(7, PAST)}/correct", wrong),
        (f"enrolments/{enrollment_id(3, SMALL)}/withdraw", {"reason": "Cuti\0"}),
        (f"runs/{SMALL}/cancel", {"reason": "Anggaran\0"}),
        (f"runs/{SMALL}/change", {"location": "Aula\0"}),
        (f"runs/{SMALL}/change", {"open_to": ["\0"]}),
        ("enrolments", {"run": SMALL, "nip": nip(4), "note": "\0"}),
    ):
        answer = await site.command(path, body, "operator")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:bina:problem:invalid-input"), path
    assert await site.svc.emitted() == []
    assert (await site.reads("runs/%00", "operator")).status_code == 422
    async with site.client("asn", person=2) as client:
        assert (await client.get("/enrollment/katalog?kata=%00")).status_code == 422
