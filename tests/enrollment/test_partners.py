"""Partners and speakers: what they gave, who may change them, who sees how to reach them."""

from typing import Any

import httpx

from enrollment.partners.domain import masked

from .conftest import Site
from .story import CITY, OPEN, REGENCY, asked, asn_id, left_long_ago, nip
from .test_credits import guard
from .test_data_requests import page

PARTNER = {
    "name": "Universitas Jambi", "kind": "perguruan tinggi", "region": "Jambi", "accreditation": "LAN, A, 2028",
    "contact": "081234567890",
}  # fmt: skip
SPEAKER = {
    "name": "Dr. Rahma",
    "expertise": "Kearsipan",
    "region": "Salatiga",
    "contact": "rahma@uksw.example",
}
CLERK = 9


async def sends(site: Site, path: str, agency: str = CITY, **form: str) -> httpx.Response:
    async with site.client("operator", person=CLERK, agency=agency) as client:
        return await client.post(f"/enrollment/{path}", data=await guard(client) | form)


async def only(site: Site, table: str) -> Any:
    (row,) = await site.svc.rows(f"SELECT * FROM {table}")
    return row


async def speaks(site: Site, **more: str) -> Any:
    """A partner and its speaker, at a session of a run where two take part."""
    await sends(site, "mitra", **PARTNER)
    partner = await only(site, "partners")
    answer = await sends(site, "narasumber", **SPEAKER | {"partner_id": str(partner.partner_id)} | more)
    assert answer.status_code == 303, answer.text
    speaker = await only(site, "speakers")
    times = {"starts_at": "2026-12-08T01:00:00Z", "ends_at": "2026-12-08T05:00:00Z"}
    body = {"sessions": [times | {"speaker": str(speaker.speaker_id)}], "partner_id": str(partner.partner_id)}
    answer = await site.command(f"runs/{OPEN}/change", body, "platform", agency=None)
    assert answer.status_code == 200, answer.text
    await site.svc.receives(asked(2, OPEN), asked(3, OPEN), agency=CITY)
    return speaker


async def test_what_was_given_is_counted_once(site: Site):
    speaker = await speaks(site)
    shown = await page(site, f"/enrollment/narasumber/{speaker.speaker_id}", "operator", person=CLERK)
    assert OPEN in shown
    assert "2 peserta" in shown
    rows = await page(site, "/enrollment/mitra", "operator", person=CLERK)
    assert "Universitas Jambi perguruan tinggi Jambi LAN, A, 2028 1 2" in rows
    assert "Dr. Rahma Kearsipan Salatiga Universitas Jambi 1 2" in await page(
        site, "/enrollment/narasumber", "operator", person=CLERK
    )


async def test_only_who_recorded_one_changes_it_and_sees_its_contact(site: Site):
    speaker = await speaks(site)
    for path, contact in (
        (f"mitra/{speaker.partner_id}", PARTNER["contact"]),
        (f"narasumber/{speaker.speaker_id}", SPEAKER["contact"]),
    ):
        assert contact in await page(site, f"/enrollment/{path}", "operator", person=CLERK)
        for role, agency in (("operator", REGENCY), ("head", CITY), ("auditor", "")):
            async with site.client(role, person=CLERK, agency=agency or None) as client:
                shown = (await client.get(f"/enrollment/{path}")).text
            assert contact not in shown
            assert masked(contact) in shown
        assert (
            await sends(site, path, agency=REGENCY, **PARTNER | SPEAKER | {"partner_id": "", "nip": ""})
        ).status_code == 403
    assert (await sends(site, f"narasumber/{speaker.speaker_id}/hapus", agency=REGENCY)).status_code == 403
    assert (await sends(site, f"mitra/{speaker.partner_id}", **PARTNER | {"name": "Unja"})).status_code == 303
    assert (await only(site, "partners")).name == "Unja"


async def test_a_speaker_who_is_forgotten_leaves_the_session(site: Site):
    speaker = await speaks(site)
    assert (await sends(site, f"narasumber/{speaker.speaker_id}/hapus")).status_code == 303
    assert await site.svc.rows("SELECT 1 FROM speakers") == []
    assert (
        len(
            await site.svc.rows(
                "SELECT 1 FROM run_sessions WHERE speaker_id IS NULL AND starts_at = '2026-12-08T01:00Z'"
            )
        )
        == 1
    )


async def test_a_civil_servant_who_speaks_is_erased_as_such(site: Site):
    await speaks(site, nip=nip(3), name="Pegawai Tiga")
    assert (await only(site, "speakers")).asn_id == asn_id(3)
    await left_long_ago(site.svc, 3)
    async with site.client("platform", agency=None) as client:
        headers = {"Idempotency-Key": "erase-speaker-1"}
        assert (
            await client.delete(f"/enrollment/api/v1/asn/{asn_id(3)}", headers=headers)
        ).status_code == 200
    row = await only(site, "speakers")
    assert (row.asn_id, row.name, row.contact) == (None, "–", "")


async def test_what_is_wrong_is_said_beside_its_field(site: Site):
    assert "Isi namanya." in (await sends(site, "mitra", **PARTNER | {"name": ""})).text
    wrong = SPEAKER | {"partner_id": "", "nip": "198703032010011999"}
    answer = await sends(site, "narasumber", **wrong)
    assert (answer.status_code, "NIP ini tidak terdaftar." in answer.text) == (422, True)
    body = {"partner_id": str(asn_id(1)), "sessions": []}
    answer = await site.command(f"runs/{OPEN}/change", body, "platform", agency=None)
    assert [fault["where"] for fault in answer.json()["errors"]] == ["partner_id"]


def test_a_contact_is_never_told_whole():
    for contact in ("0812", "081234567890", "rahma@uksw.example"):
        assert contact not in masked(contact)
    assert masked("") == ""
