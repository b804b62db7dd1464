"""What is refused at the door, what is remembered, what is given back, who may, and what goes with a person."""

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bina.web.limits import LARGEST_BODY
from bina.web.masking import masked
from enrollment.register.recording import erase_asn

from .importing import API, Importing
from .loaded_world import csv
from .test_import_applying import CITY, FREE, SMALL, enrolments, new_nip, people


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return buffer.getvalue()


HOSTILE = {
    "a PDF that is called a workbook": (b"%PDF-1.7\n1 0 obj", "file.unreadable"),
    "a bomb": (zipped(**{"[Content_Types]_xml": b"0" * 300_000_000}), "file.too_large"),
    "an entity": (
        zipped(
            **{"[Content_Types]_xml": b'<!DOCTYPE a [<!ENTITY b "c">]><Types/>', "xl__workbook_xml": b"<a/>"}
        ),
        "file.unreadable",
    ),
    "more than ten megabytes": (b"NIP;Kode Angkatan\n" + b"1;2\n" * 2_700_000, "file.too_large"),
    "nothing": (b"", "file.empty"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_file_is_refused_and_leaves_nothing(importing: Importing, what: str):
    content, code = HOSTILE[what]
    answer = await importing.upload(content, "pendaftaran", CITY, name="a.xlsx")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:bina:problem:file-refused")
    assert [
        problem["code"] for problem in answer.json()["outcome"]["problems"] if problem["severity"] == "error"
    ] == [code]
    assert answer.json()["outcome"]["rows_total"] == 0
    for table in ("imports", "import_files", "import_rows", "messaging.commands"):
        assert await importing.scalar(f"SELECT count(*) FROM {table}") == 0


async def test_half_a_gigabyte_is_refused_at_the_door(importing: Importing):
    """By its announced length, before a byte of it is read; what is not announced is counted (tests/web/test_limits.py)."""

    async def never():
        raise AssertionError("the body is not read")
        yield b""

    async with importing.site.client("operator", person=900, agency=CITY) as client:
        headers = {"Idempotency-Key": "half-a-gigabyte", "Content-Length": str(500 << 20)}
        answer = await client.post(
            API, params={"agency": CITY, "kind": "pegawai", "name": "a"}, content=never(), headers=headers
        )
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:bina:problem:too-large")
    assert 10 << 20 < LARGEST_BODY < 500 << 20


@pytest.mark.parametrize("page", [False, True])
async def test_half_a_gigabyte_in_chunks_is_refused_while_it_comes(
    importing: Importing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, page: bool
):
    """Without a length nobody can refuse it at once: it is read no further than the limit, and nothing of it stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sent, chunk = 0, b"1;2\n" * (1 << 14)
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'

    async def body():
        nonlocal sent
        yield form if page else chunk
        while sent < 500 << 20:
            sent += len(chunk)
            yield chunk

    kind = "multipart/form-data; boundary=x" if page else "application/octet-stream"
    async with importing.site.client("operator", person=900, agency=CITY) as client:
        answer = await client.post(
            "/enrollment/impor/baru" if page else API,
            params={} if page else {"agency": CITY, "kind": "pegawai", "name": "a"},
            content=body(),
            headers={"Idempotency-Key": "half-a-gigabyte-in-chunks", "Content-Type": kind},
        )
    assert answer.status_code == 413
    assert sent <= LARGEST_BODY + len(chunk)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a folder of ours
    for table in ("imports", "import_files", "messaging.commands"):
        assert await importing.scalar(f"SELECT count(*) FROM {table}") == 0


async def test_a_column_that_is_not_found_is_named_by_the_agency_and_remembered(importing: Importing):
    file = csv(("No Pokok", "Kode Angkatan", "Aneh", "Catatan"), (FREE[0], SMALL, "x", "n"))
    refused = await importing.upload(file, "pendaftaran", CITY)
    told = refused.json()
    assert (refused.status_code, told["state"], told["rows_total"]) == (201, "columns", 0)
    assert told["columns"] == {
        "No Pokok": None,
        "Kode Angkatan": "Kode Angkatan",
        "Aneh": None,
        "Catatan": "Catatan",
    }
    assert (await importing.does("apply", told["id"], {"plan": "0" * 64})).status_code == 409
    wrong = await importing.does("check", told["id"], {"columns": {"No Pokok": "Nomor"}})
    assert wrong.status_code == 422
    chosen = {"No Pokok": "NIP", "Aneh": "ignore"}
    mended = (await importing.does("check", told["id"], {"columns": chosen})).json()
    assert (mended["state"], mended["accepted"], mended["problems"]) == ("checked", 1, [])
    again = (await importing.upload(file, "pendaftaran", CITY)).json()
    assert (again["state"], again["accepted"], again["columns"]["Aneh"]) == ("checked", 1, "ignore")
    other = (await importing.upload(file, "pendaftaran", "5508")).json()
    assert other["state"] == "columns"


async def test_columns_may_be_named_with_the_upload(importing: Importing):
    file = csv(("Nomor A", "Nomor B"), (FREE[0], SMALL))
    told = await importing.upload(
        file, "pendaftaran", CITY, columns={"Nomor A": "NIP", "Nomor B": "Kode Angkatan"}
    )
    assert (told.status_code, told.json()["accepted"]) == (201, 1)


async def test_refused_rows_come_back_with_their_own_cells_and_no_formula(importing: Importing):
    evil = '=HYPERLINK("http://x.example")'
    file = csv(
        ("NIP", "Kode Angkatan", "Catatan", "Lain"),
        (FREE[0], SMALL, "", ""),
        ("1234", SMALL, evil, "085"),
        (FREE[1], "TIDAK-ADA", "+1", "3,5"),
    )
    one = (await importing.upload(file, "pendaftaran", CITY)).json()
    answer = await importing.gets(f"{one['id']}/refused.csv")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, first, second = answer.content.decode("utf-8-sig").strip().split("\r\n")
    assert head == "NIP;Kode Angkatan;Catatan;Lain;Baris;Masalah;Perbaikan"
    assert first.startswith('1234;KEU-2026-03;"\'=HYPERLINK(""http://x.example"")";085;3;"NIP nip.format;')
    assert second.startswith(
        f'{FREE[1]};TIDAK-ADA;\'+1;3,5;4;"Catatan injection.formula; Kode Angkatan run.unknown";'
    )
    book = load_workbook(io.BytesIO((await importing.gets(f"{one['id']}/refused.xlsx")).content))
    cells = [list(row) for row in book.worksheets[0].iter_rows(min_row=2)]
    assert (cells[0][2].value, cells[0][2].data_type) == (evil, "s")
    assert [cell.value for cell in cells[1][:5]] == [FREE[1], "TIDAK-ADA", "+1", "3,5", 4]
    mended = answer.content.decode("utf-8-sig").replace("1234;", f"{FREE[2]};").replace("TIDAK-ADA", SMALL)
    again = (await importing.upload(mended.encode(), "pendaftaran", CITY)).json()
    assert (again["accepted"], again["refused"]) == (2, 0)


async def test_the_original_comes_back_byte_for_byte(importing: Importing):
    file = enrolments(FREE[0])
    one = (await importing.upload(file, "pendaftaran", CITY, name="Daftar “A”.csv")).json()
    answer = await importing.gets(f"{one['id']}/file")
    assert (answer.content, answer.headers["content-type"]) == (file, "application/octet-stream")
    assert one["size"] == len(file)


async def test_other_agencies_neither_see_nor_upload(importing: Importing):
    one = (await importing.upload(enrolments(FREE[0]), "pendaftaran", CITY)).json()
    for path in ("", "/rows", "/file", "/refused.csv"):
        assert (await importing.gets(f"{one['id']}{path}", "5508")).status_code == 404
    assert (await importing.does("apply", one["id"], {"plan": one["plan"]}, "5508")).status_code == 404
    assert (await importing.upload(enrolments(FREE[0]), "pendaftaran", CITY, whose="5508")).status_code == 403
    assert (await importing.site.reads("imports", "operator", agency="5508")).json()["items"] == []
    assert [found["id"] for found in (await importing.site.reads("imports", "operator")).json()["items"]] == [
        one["id"]
    ]


async def test_who_looks_at_rows_is_noted_and_an_auditor_sees_no_nip(importing: Importing):
    one = (await importing.upload(enrolments(*FREE[:2]), "pendaftaran", CITY)).json()
    answer = await importing.gets(f"{one['id']}/rows", "5500", "auditor")
    assert FREE[0] not in answer.text
    about = await importing.scalar(
        "SELECT about FROM audit.entries WHERE kind = 'reading' ORDER BY id DESC LIMIT 1"
    )
    assert one["id"] in about
    assert len(about) == 3
    assert (await importing.gets(f"{one['id']}/file", "5500", "auditor")).status_code == 403


async def test_every_chunk_is_noted_as_the_deed_of_who_confirmed_it(importing: Importing):
    one = await importing.applied(people((new_nip(960), "Baru", "", "")), "pegawai")
    action, detail = await importing.scalar(
        "SELECT ARRAY[action, CAST(detail AS text)] FROM audit.entries WHERE detail->>'rows' = '1'"
    )
    assert action == "POST /enrollment/api/v1/imports/{import_id}/apply"
    assert [change["kind"] for change in json.loads(detail)["changes"]] == ["asn", "contact"]
    assert one["applied"] == 1


async def test_who_is_erased_goes_from_rows_and_originals(importing: Importing):
    nip, below = new_nip(970), new_nip(971)
    one = await importing.applied(people((nip, "Baru", "", ""), (below, "Bawahan", "", nip)), "pegawai")
    await erased(importing, nip)
    left = await importing.scalar("SELECT string_agg(CAST(t AS text), ' ') FROM import_rows AS t")
    assert nip not in left
    assert below in left
    assert await importing.scalar("SELECT count(*) FROM import_files") == 0
    assert (await importing.shown(one["id"]))["applied"] == 2
    assert (
        await importing.does("undo", one["id"])
    ).status_code == 409  # whose supervisor is gone has changed


async def test_who_is_erased_goes_by_whatever_nip_they_had_then(importing: Importing):
    old, new = new_nip(972), new_nip(973)
    await importing.applied(people((old, "Baru Sekali", "", "")), "pegawai")
    await importing.applied(enrolments(old, run="ELK-2026-11"), "pendaftaran")
    await importing.execute("UPDATE asn SET nip = :new WHERE nip = :old", new=new, old=old)
    await erased(importing, new)
    left = await importing.scalar("SELECT string_agg(CAST(t AS text), ' ') FROM import_rows AS t")
    assert old not in left
    assert "Baru Sekali" not in left
    assert await importing.scalar("SELECT count(*) FROM import_files") == 0


async def test_an_original_of_which_no_row_was_read_goes_with_anybody_erased(importing: Importing):
    file = csv(("No Pokok", "Kode Angkatan", "Aneh", "Catatan"), (new_nip(974), SMALL, "x", "n"))
    one = (await importing.upload(file, "pendaftaran", CITY)).json()
    assert one["state"] == "columns"
    await importing.applied(people((new_nip(974), "Baru", "", "")), "pegawai")
    other = await importing.applied(people((new_nip(975), "Lain", "", "")), "pegawai")
    await erased(importing, new_nip(974))
    kept = await importing.scalar("SELECT string_agg(CAST(import_id AS text), ' ') FROM import_files")
    assert kept == other["id"]


async def erased(importing: Importing, nip: str) -> None:
    person = await importing.scalar("SELECT asn_id FROM asn WHERE nip = :nip", nip=nip)
    async with importing.site.svc.sessions() as session, session.begin():
        await erase_asn(session, person)
    await importing.execute("UPDATE messaging.due SET due_at = due_at - interval '1 minute'")
    await importing.works(1)


async def test_what_is_kept_no_more_is_not_said_to_be_undone(importing: Importing):
    one = await importing.applied(enrolments(*FREE[:2]), "pendaftaran")
    await importing.execute("DELETE FROM import_rows WHERE row = 2")  # a part of them is gone with its time
    refused = await importing.does("undo", one["id"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:bina:problem:rows-gone")
    assert (await importing.shown(one["id"]))["state"] == "applied"
    later = (await importing.upload(enrolments(FREE[3]), "pendaftaran", CITY)).json()
    await importing.execute("DELETE FROM import_rows WHERE import_id = CAST(:id AS uuid)", id=later["id"])
    assert (await importing.does("apply", later["id"], {"plan": later["plan"]})).status_code == 409


@pytest.mark.parametrize("written", ["19870303 201001 1 977", "1987-03-03-201001-1-97", "19870303201001197"])
async def test_an_auditor_reads_no_nip_however_a_file_writes_it(importing: Importing, written: str):
    file = csv(("NIP", "Kode Angkatan"), (written, SMALL), (FREE[0], written))
    one = (await importing.upload(file, "pendaftaran", CITY)).json()
    read = await importing.gets(f"{one['id']}/rows", None, "auditor")
    first, second = read.json()["items"]
    assert "2010" not in first["problems"][0]["value"]
    assert (await importing.rows(one["id"]))[0]["problems"][0]["value"] == written
    if written == "19870303 201001 1 977":  # as decrees write it, wherever it stands
        assert "2010" not in second["problems"][0]["value"]


async def test_values_below_an_unknown_header_are_few_masked_and_go_with_the_original(importing: Importing):
    rows = [(nip, SMALL, f"isi {n // 2}", "") for n, nip in enumerate(FREE[:6])]
    file = csv(("No Pokok", "Kode Angkatan", "Aneh", "Catatan"), ("", SMALL, "", ""), *rows)
    one = (await importing.upload(file, "pendaftaran", CITY)).json()
    async with importing.site.client("operator", person=900, agency=CITY) as http:
        said = (await http.get(f"/enrollment/impor/{one['id']}")).text
    assert "Contoh: isi 0; isi 1; isi 2" in said
    assert f"Contoh: {'; '.join(masked(nip) for nip in FREE[:3])}" in said
    assert not any(nip in said for nip in FREE)
    assert SMALL not in said  # a column that is known needs none
    kept = "SELECT CAST(samples AS text) FROM import_files"
    assert FREE[0] not in await importing.scalar(kept)
    await erased(importing, FREE[5])
    assert await importing.scalar(kept) is None
    async with importing.site.client("operator", person=900, agency=CITY) as http:
        assert "Contoh:" not in (await http.get(f"/enrollment/impor/{one['id']}")).text
