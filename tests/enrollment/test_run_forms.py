"""Runs are announced and changed on pages: the rules are the commands' own, and what is wrong stands beside its field."""

import re
from datetime import UTC, date, datetime
from html import unescape

import httpx

from bina.events.enrollment import TrainingAnnounced, TrainingChanged
from enrollment.catalogue.admission import Admission, Held
from enrollment.catalogue.domain import run_id_of
from enrollment.catalogue.store import load_runs, load_sessions

from .conftest import Site
from .story import CITY, REGENCY, SMALL, asked, nip
from .test_credits import guard
from .test_data_requests import page

FORM = {
    "code": "BTK-2026-09", "open_to": "", "starts_on": "2026-12-21", "ends_on": "2026-12-22", "seats": "25",
    "mode": "daring", "location": "Aula", "job_levels": "", "pass_score": "70", "attendance_percent": "80",
    "report_required": "1", "opens_at": "2026-12-01T08:00", "closes_at": "2026-12-15T16:00",
    "cost_per_seat": "1.500.000", "required_programmes": "SKB", "required_levels": "T2 1",
    "approval": "both", "held": f"terpencil 3\n{CITY} 2", "held_until": "2026-12-10", "substitutes_until": "2026-12-18",
    "session.0.day": "2026-12-21", "session.0.from": "08:00", "session.0.to": "12:00", "session.0.title": "Pembukaan",
    "session.0.link": "https://rapat.example/1", "session.0.trainer": nip(3), "session.1.day": "", "session.1.from": "",
}  # fmt: skip
RUN = run_id_of("BTK-2026-09")


async def sends(site: Site, path: str, agency: str = CITY, **changes: str) -> httpx.Response:
    async with site.client("operator", person=9, agency=agency) as client:
        return await client.post(f"/enrollment/{path}", data=await guard(client) | FORM | changes)


async def test_a_run_is_announced_with_its_sessions(site: Site):
    answer = await sends(site, "program/BTK/angkatan")
    assert (answer.status_code, answer.headers["location"]) == (303, "/enrollment/angkatan/BTK-2026-09")
    async with site.svc.sessions() as session:
        run = (await load_runs(session, [RUN]))[RUN]
        (one,) = (await load_sessions(session, [RUN]))[RUN]
    assert (run.organiser, run.open_to, run.seats, run.cost_per_seat) == (CITY, (CITY,), 25, 1_500_000)
    assert (run.opens_at, run.closes_at) == (
        datetime(2026, 12, 1, 1, tzinfo=UTC),
        datetime(2026, 12, 15, 9, tzinfo=UTC),
    )
    assert (run.required_programmes, run.required_levels[0].level, run.report_required) == (("SKB",), 1, True)
    held = (Held("remote", 3), Held(f"agency:{CITY}", 2))
    assert run.admission == Admission("both", held, date(2026, 12, 10), date(2026, 12, 18))
    assert (one.title, one.starts_at) == ("Pembukaan", datetime(2026, 12, 21, 1, tzinfo=UTC))
    assert len(await site.svc.emitted(TrainingAnnounced)) == 1
    assert (await sends(site, "program/BTK/angkatan")).status_code == 409


async def test_changing_nothing_changes_nothing_and_keeps_the_trainer(site: Site):
    await sends(site, "program/BTK/angkatan")
    await site.svc.emitted()
    async with site.svc.sessions() as session:
        (before,) = (await load_sessions(session, [RUN]))[RUN]
    same = {"session.0.id": str(before.session_id), "session.0.trainer": "", "open_to": CITY}
    assert (await sends(site, "angkatan/BTK-2026-09/ubah", **same)).status_code == 303
    async with site.svc.sessions() as session:
        assert (await load_sessions(session, [RUN]))[RUN] == [before]
    assert await site.svc.emitted() == []
    assert (await sends(site, "angkatan/BTK-2026-09/ubah", **same | {"seats": "30"})).status_code == 303
    (told,) = await site.svc.emitted(TrainingChanged)
    assert told.seats == 30


async def test_the_form_shows_what_the_run_is(site: Site):
    await sends(site, "program/BTK/angkatan")
    async with site.client("operator", person=9) as client:
        shown = (await client.get("/enrollment/angkatan/BTK-2026-09/ubah")).text
    assert f"terpencil 3\n{CITY} 2</textarea>" in shown
    for value in ("2026-12-01T08:00", "1500000", "08:00", "https://rapat.example/1"):
        assert f'value="{value}"' in shown
    assert ">Pembukaan</textarea>" in shown
    assert nip(3) not in shown
    assert "Ubah angkatan" in await page(site, "/enrollment/angkatan/BTK-2026-09", "operator", person=9)


async def test_what_is_wrong_is_said_beside_its_field(site: Site):
    for field, value, words in (
        ("ends_on", "2026-12-20", "Tanggal selesai mendahului tanggal mulai."),
        ("closes_at", "2026-11-30T08:00", "Penutupan pendaftaran mendahului pembukaannya."),
        ("cost_per_seat", "gratis", "Isi dengan bilangan bulat"),
        ("required_programmes", "TIADA", "Program prasyarat ini tidak ada di katalog: TIADA."),
        ("held", "terpencil tiga", "Tulis satu kelompok sebaris"),
        ("held", "", "Isi untuk siapa kursi ditahan."),
        ("held", "terpencil 26", "Kursi yang ditahan lebih banyak daripada kursi angkatan."),
        ("held", "wanita 2", "Angkatan ini tidak dibuka untuk: wanita."),
        ("held_until", "", "Isi sampai kapan kursi ditahan."),
        ("substitutes_until", "kapan", "Isian ini terlalu panjang atau di luar batas."),
        ("session.0.day", "2026-12-24", "Sesi ini di luar tanggal angkatan."),
        ("session.0.to", "07:00", "Isi tanggal, jam mulai dan jam selesai sesudahnya."),
        ("session.0.trainer", "198703032010011999", "NIP pelatih ini tidak terdaftar."),
    ):
        answer = await sends(site, "program/BTK/angkatan", **{field: value})
        assert (answer.status_code, words in answer.text) == (422, True), field
        assert 'value="BTK-2026-09"' in answer.text
    assert await site.svc.emitted() == []


async def test_another_agencys_run_is_not_changed(site: Site):
    await sends(site, "program/BTK/angkatan")
    assert (await sends(site, "angkatan/BTK-2026-09/ubah", agency=REGENCY)).status_code == 403
    assert (
        await sends(site, "program/BTK/angkatan", agency=REGENCY, organiser=CITY, code="X-1")
    ).status_code == 403
    assert (await sends(site, "program/TIADA/angkatan")).status_code == 404


def edition_in(html: str) -> str:
    return unescape(re.findall(r'name="edition" value="([^"]+)"', html)[0])


async def seats_and_place(site: Site) -> tuple[int, str]:
    async with site.svc.sessions() as session:
        run = (await load_runs(session, [RUN]))[RUN]
    return run.seats, run.location


async def test_what_another_organiser_changed_meanwhile_is_not_written_over(site: Site):
    await sends(site, "program/BTK/angkatan")
    edit, same = "angkatan/BTK-2026-09/ubah", {"open_to": CITY}
    async with site.client("operator", person=9) as client:
        edition = edition_in((await client.get(f"/enrollment/{edit}")).text)
    await sends(site, edit, edition=edition, **same | {"location": "Ruang Anggrek"})
    assert await seats_and_place(site) == (25, "Ruang Anggrek")

    wrong = await sends(site, edit, edition=edition, **same | {"seats": "banyak"})
    assert (wrong.status_code, edition_in(wrong.text)) == (422, edition)
    late = await sends(site, edit, edition=edition, **same | {"seats": "30"})
    assert late.status_code == 412
    assert "Angkatan ini diubah orang lain" in late.text
    assert 'value="30"' in late.text
    assert await seats_and_place(site) == (25, "Ruang Anggrek")
    meant = await sends(site, edit, edition=edition_in(late.text), **same | {"seats": "30"})
    assert (meant.status_code, await seats_and_place(site)) == (303, (30, "Aula"))


async def test_an_edit_names_what_it_has_seen(site: Site):
    path, key = f"/enrollment/api/v1/runs/{SMALL}", "Idempotency-Key"
    async with site.client("operator", person=9) as client:
        before = await client.get(path)
        seen = before.headers["etag"]
        await site.svc.receives(asked(1, SMALL), agency=CITY)
        assert (await client.get(path)).json()["taken"] == before.json()[
            "taken"
        ] + 1  # a seat taken is no edit
        change = {"url": f"{path}/change", "json": {"seats": before.json()["seats"] + 1}}
        first = {key: "change-of-one", "If-Match": f'"other", {seen}'}
        assert (await client.post(**change, headers=first)).status_code == 200
        assert (
            await client.post(**change, headers=first)
        ).status_code == 200  # sent again: answered as before
        for tags in (seen, f"W/{seen}", "nonsense"):
            late = await client.post(**change, headers={key: f"late {tags[:9]}", "If-Match": tags})
            assert (late.status_code, late.json()["type"]) == (412, "urn:bina:problem:changed-meanwhile")
        now = (await client.get(path)).headers["etag"]
        for tags in (now, f'W/{now[:-1]}-gzip"', "*"):  # the second: as gateways write it on
            done = await client.post(**change, headers={key: f"once again {tags[:9]}", "If-Match": tags})
            assert done.status_code == 200
