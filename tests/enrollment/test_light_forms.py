"""A seminar is held by one short form: its programme, its run and its session."""

from datetime import UTC, datetime, timedelta

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bina.events.enrollment import TrainingAnnounced
from enrollment.catalogue.domain import run_id_of
from enrollment.catalogue.light import jp_of
from enrollment.catalogue.store import load_sessions

from .conftest import Site
from .story import CITY, REGENCY
from .test_credits import guard

FORM = {
    "kind_id": "9", "name": "Seminar Layanan", "code": "SEM-2026-90", "day": "2026-12-10", "from": "08:00", "to": "12:00",
    "location": "Aula", "link": "", "seats": "100", "open_to": f"{CITY}, {REGENCY}", "speaker": "",
}  # fmt: skip


async def sends(site: Site, agency: str = CITY, **changes: str) -> httpx.Response:
    async with site.client("operator", person=9, agency=agency) as client:
        return await client.post("/enrollment/seminar-baru", data=await guard(client) | FORM | changes)


async def test_one_form_records_the_programme_and_announces_the_run(site: Site):
    answer = await sends(site)
    assert (answer.status_code, answer.headers["location"]) == (303, "/enrollment/angkatan/SEM-2026-90")
    (told,) = await site.svc.emitted(TrainingAnnounced)
    assert (told.programme_code, told.jp, told.seats, told.open_to) == (
        "SEM-2026-90",
        5,
        100,
        (CITY, REGENCY),
    )
    (row,) = await site.svc.rows("SELECT * FROM programme_versions WHERE programme_code = 'SEM-2026-90'")
    assert (row.version, row.kind_id, row.kind, row.jp) == (1, 9, "Seminar", 5)
    async with site.svc.sessions() as session:
        (one,) = (await load_sessions(session, [run_id_of("SEM-2026-90")])).popitem()[1]
    assert one.starts_at == datetime(2026, 12, 10, 1, tzinfo=UTC)
    assert (await sends(site)).status_code == 409


async def test_what_is_wrong_is_said_and_nothing_is_held(site: Site):
    for field, value, words in (
        ("to", "08:44", "Isi tanggal dan jamnya; sedikitnya 45 menit."),
        ("kind_id", "3", "Pilih jenis pelatihannya."),
        ("seats", "", "Isi jumlah kursinya."),
        ("link", "http://x", "Tautan dimulai dengan https://"),
        ("open_to", "0000", "Instansi belum terdaftar: 0000."),
    ):
        answer = await sends(site, **{field: value})
        assert (answer.status_code, words in answer.text) == (422, True), field
    assert await site.svc.emitted() == []
    assert await site.svc.rows("SELECT 1 FROM programmes WHERE programme_code = 'SEM-2026-90'") == []
    assert (await sends(site, agency=REGENCY, organiser=CITY)).status_code == 403


@given(st.integers(0, 1440))
def test_a_jp_is_45_whole_minutes(minutes: int):
    start = datetime(2026, 12, 1, tzinfo=UTC)
    assert jp_of(start, start + timedelta(minutes=minutes)) == minutes // 45
