"""A person's pages: list, form, result, profile, fragment."""

import re
from datetime import timedelta

import httpx
import pytest

from assessment.assessments import domain, store
from assessment.assessments.views import questions
from bina.events.assessment import AssessmentScored
from bina.events.enrollment import TrainingCancelled

from .conftest import AS_OF, Site
from .story import accepted, announced, attended, completed, day, id_of, person

PRE = domain.own_id(id_of("Aisyah", "PKP-2026-02"), "pre")
POST = domain.own_id(id_of("Aisyah", "PKP-2026-02"), "post")


@pytest.fixture
async def site(site_of) -> Site:
    site: Site = await site_of()
    await site.svc.receives(
        person("Aisyah"), person("Budi"), announced(pass_score=70), accepted("Aisyah"), attended("Aisyah")
    )
    return site


async def filled(site: Site, page: str, assessment_id, *, right: str = "M1 M5") -> dict[str, str]:
    """The form of a page, filled in: right in the given competencies, wrong elsewhere."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    async with site.svc.sessions() as session:
        test = await store.find(session, assessment_id)
    assert test is not None
    for question in questions(test):
        item = question.item
        wanted = item.answer if item.competency in right.split() else (item.answer + 1) % 4
        places = {n: letter for letter, n, _ in domain.options_of(assessment_id, item)}
        fields[item.id] = places[wanted]
    return fields


async def submitted(site: Site, client: httpx.AsyncClient, assessment_id, **how) -> httpx.Response:
    page = (await client.get(f"/assessment/tes/{assessment_id}")).text
    return await client.post(
        f"/assessment/tes/{assessment_id}", data=await filled(site, page, assessment_id, **how)
    )


async def test_the_list_names_what_waits_and_until_when(site: Site) -> None:
    async with site.client() as client:
        page = (await client.get("/assessment/tes")).text
    assert "2 tes menunggu" in page
    assert "30 November 2026 pukul 23.59 WIB" in page
    assert f"/assessment/tes/{PRE}" in page


async def test_a_form_shows_ten_questions_and_gives_no_answer_away(site: Site) -> None:
    async with site.client() as client:
        page = (await client.get(f"/assessment/tes/{PRE}")).text
    assert page.count("<fieldset") == 10
    assert page.count('type="radio"') == 40
    assert "10 soal, sekitar 15 menit" in page
    values = re.findall(r'type="radio" name="([^"]+)" value="([A-D])"', page)
    assert len(set(values)) == 40
    assert "checked" not in page


async def test_submitting_scores_once_and_shows_the_result(site: Site) -> None:
    async with site.client() as client:
        await site.svc.emitted()
        page = (await client.get(f"/assessment/tes/{PRE}")).text
        data = await filled(site, page, PRE, right="M1")
        first = await client.post(f"/assessment/tes/{PRE}", data=data)
        again = await client.post(f"/assessment/tes/{PRE}", data=data)
        other_tab = await client.post(
            f"/assessment/tes/{PRE}", data={**data, "command_key": "another-tab", "M1-A01": "A"}
        )
        result = (await client.get(first.headers["location"])).text
    assert (first.status_code, first.headers["location"]) == (303, f"/assessment/tes/{PRE}/hasil")
    assert again.headers["location"] == first.headers["location"]
    assert other_tab.status_code == 303
    [scored] = await site.svc.emitted(AssessmentScored)
    assert (scored.kind, scored.score, scored.passed) == ("pre", 50.0, None)
    assert re.search(r"nomor bukti AS-[0-9A-F]{8}", result)
    assert f'data-draft-done="tes-{PRE}"' in result
    assert "Perlu diperkuat:</strong>" not in result
    assert re.search(r"Sudah kuat: <strong>Integritas</strong>", result)
    assert re.search(r"Perlu diperkuat: <strong>Pelayanan Publik</strong>", result)


async def test_an_incomplete_form_comes_back_with_its_answers(site: Site) -> None:
    async with site.client() as client:
        page = (await client.get(f"/assessment/tes/{PRE}")).text
        data = await filled(site, page, PRE)
        left_out = next(name for name in data if name.startswith("M5"))
        del data[left_out]
        answer = await client.post(f"/assessment/tes/{PRE}", data=data)
    assert answer.status_code == 422
    assert "1 soal belum dijawab." in answer.text
    assert f'href="#f-{left_out}"' in answer.text
    assert answer.text.count(" checked>") == 9
    assert [row.state for row in await site.svc.rows("SELECT state FROM assessments WHERE kind = 'pre'")] == [
        "open"
    ]


async def test_a_failed_post_test_offers_one_repetition_and_the_gain(site: Site) -> None:
    async with site.client() as client:
        await submitted(site, client, PRE, right="")
        posted = await submitted(site, client, POST, right="M1")
        result = (await client.get(posted.headers["location"])).text
        before = (await client.get(f"/assessment/tes/{PRE}/hasil")).text
    assert "mengulang" not in before
    assert "Belum lulus, batas 70,0" in result
    assert "Anda boleh mengulang satu kali" in result
    assert f"/assessment/tes/{domain.own_id(id_of('Aisyah', 'PKP-2026-02'), 'post', 2)}" in result
    assert "0,50" in result
    assert "sedang" in result


async def test_the_organisers_scores_are_listed_and_explained(site: Site) -> None:
    await site.svc.receives(completed("Aisyah", pre_score=55.0, post_score=82.5))
    async with site.client() as client:
        listed = (await client.get("/assessment/tes")).text
        reported = domain.reported_id(id_of("Aisyah", "PKP-2026-02"), "post")
        result = (await client.get(f"/assessment/tes/{reported}/hasil")).text
    assert "dilaporkan penyelenggara" in listed
    assert "82,5" in result
    assert "0,61" in result
    assert "profil Anda tidak berubah" in result


async def test_a_closed_test_says_why_and_takes_nothing(site: Site) -> None:
    async with site.client() as client:
        page = (await client.get(f"/assessment/tes/{PRE}")).text
        data = await filled(site, page, PRE)
        await site.svc.receives(TrainingCancelled(run_id=id_of("PKP-2026-02")))
        closed = await client.get(f"/assessment/tes/{PRE}")
        posted = await client.post(f"/assessment/tes/{PRE}", data=data)
    assert closed.status_code == 410
    assert "dibatalkan" in closed.text
    assert (posted.status_code, posted.headers["location"]) == (303, f"/assessment/tes/{PRE}")
    assert await site.svc.rows("SELECT 1 FROM competency_results") == []


@pytest.mark.parametrize("path", ["", "/hasil"])
async def test_nobody_sees_anothers_test(site: Site, path: str) -> None:
    async with site.client("Budi") as client:
        assert (await client.get(f"/assessment/tes/{PRE}{path}")).status_code == 404
    async with site.client("Aisyah", "operator") as client:
        assert (await client.get(f"/assessment/tes/{PRE}{path}")).status_code == 403


async def test_the_profile_shows_gap_source_and_training(site: Site) -> None:
    await site.svc.receives(announced("INT-2026-02", competencies=announced().competencies[:1]))
    async with site.client() as client:
        empty = (await client.get("/assessment/profil")).text
        await submitted(site, client, PRE, right="M5")
        page = (await client.get("/assessment/profil")).text
    assert "Level muncul di sini" in empty
    assert "Kesenjangan terbesar: Integritas, kurang 2 level dari standar." in page
    assert "Pre-test PKP-2026-02, indikatif" in page
    assert f"/enrollment/angkatan/{id_of('INT-2026-02')}" in page
    assert "50%" in page  # JPM: (0 + 2) / (2 + 2)
    assert page.index("Integritas") < page.index("Pelayanan Publik")


async def test_the_fragment_stands_alone_and_inside_another_page(site: Site) -> None:
    async with site.client() as client:
        alone = (await client.get("/assessment/potongan/beranda")).text
        part = (await client.get("/assessment/potongan/beranda", headers={"X-Fragment": "1"})).text
    assert "<main" in alone
    assert "<h1" in alone
    assert "<html" not in part
    assert f"/assessment/tes/{PRE}" in part
    assert "Belum ada kompetensi jabatan Anda yang dinilai." in part


async def test_a_late_post_test_still_counts_a_late_pre_test_does_not(site_of) -> None:
    site = await site_of()
    over = announced(starts_on=day(-20), ends_on=day(0))
    await site.svc.receives(person("Aisyah"), over, accepted("Aisyah"), attended("Aisyah", on=day(-9)))
    async with site.client() as client:
        await site.svc.does_due_work(at=AS_OF + timedelta(days=10))
        listed = (await client.get("/assessment/tes")).text
        missed = await client.get(f"/assessment/tes/{PRE}")
        taken = await submitted(site, client, POST)
    assert "Lewat tenggat" in listed
    assert "Terlewat" in listed
    assert missed.status_code == 410
    assert taken.headers["location"] == f"/assessment/tes/{POST}/hasil"
