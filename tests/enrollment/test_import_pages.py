"""What the pages of imports say in each state, that all of it works without a script, and whom they let in."""

import io
import re
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from enrollment.imports import Kind, Sheet, read, schedule
from enrollment.imports.columns import configuration

from .clerk import PATH, Clerk, figures, words
from .importing import Importing
from .imports.sample_world import SAMPLES, world
from .loaded_world import csv
from .test_import_applying import CITY, FREE, SMALL, enrolments, new_nip, people, results, states
from .test_import_full_lists import GONE, OURS, STAYING, listing

OLD = [p for p in world()["asn"] if p["agency"] == CITY]
FAULTY = enrolments(*FREE[:3]) + f"\n1987;{SMALL}\n{FREE[4]};TIDAK-ADA\n{FREE[4]};TIDAK-LAGI".encode()


async def test_the_whole_way_without_a_script(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(FAULTY, "pendaftaran", "peserta.csv")
    page = (await clerk.http.get(at)).text
    assert figures(page) == {"Baru": "3", "Berubah": "0", "Tetap": "0", "Ditolak": "3"}
    said = words(page)
    assert "Belum ada yang berubah. 3 baris siap, 3 perlu diperbaiki." in said
    assert "Tidak menyentuh keputusan manual" in said
    assert await states(importing) == {"accepted": 3}

    plan = await importing.scalar("SELECT plan FROM imports")
    assert plan[:8] in said
    assert "Ya, lanjutkan." in said  # without a script a box is ticked instead of a dialog
    applied = await clerk.sends(at, at + "/terapkan")
    assert applied.headers["location"] == at
    said = await clerk.sees(at)
    assert "Impor sedang diterapkan" in said
    assert "0 dari 3 baris" in said
    assert "Muat ulang" in said
    await importing.works()

    page = (await clerk.http.get(at)).text
    assert figures(page) == {"Diterapkan": "3", "Tidak diterapkan": "0", "Tetap": "0", "Ditolak": "3"}
    assert "3 pendaftaran tercatat." in words(page)
    assert (await clerk.sends(at, at + "/batalkan")).headers["location"] == at
    assert "Impor sedang dibatalkan" in await clerk.sees(at)
    await importing.works()
    said = await clerk.sees(at)
    assert "Impor dibatalkan 3 pendaftaran ditarik; peserta diberi tahu." in said
    assert await states(importing) == {"accepted": 3, "withdrawn": 3}
    listed = await clerk.sees(PATH)
    assert "peserta.csv Pendaftaran" in listed
    assert "Dibatalkan" in listed


async def test_columns_are_asked_first_and_nothing_of_rows(clerk: Clerk):
    file = csv(("No Pokok", "Kode Angkatan", "Aneh", "Catatan"), ("1987", SMALL, "x", ""))
    at = await clerk.uploaded(file, "pendaftaran")
    said = await clerk.sees(at)
    assert "Tunjukkan kolom mana yang berisi NIP." in said
    assert "2 judul kolom belum dikenal" in said
    assert "bukan 18 digit" not in said
    again = await clerk.sends(at, at + "/periksa", **{"kolom-0": "NIP", "kolom-2": "ignore"})
    assert again.headers["location"] == at
    said = await clerk.sees(at)
    assert "Aman diterapkan?" in said
    assert "NIP bukan 18 digit" in said
    assert "No Pokok NIP" in said
    assert "Aneh diabaikan" in said
    remembered = await clerk.uploaded(file, "pendaftaran")
    assert "Aman diterapkan?" in await clerk.sees(remembered)


async def test_columns_can_be_matched_again_before_applying(clerk: Clerk):
    file = csv(("NIP", "Kode Angkatan", "Ket."), (FREE[0], SMALL, "catatan lama"))
    at = await clerk.uploaded(file, "pendaftaran")
    assert "catatan lama" in await clerk.sees(at)
    assert "3 judul kolom sudah dikenal" in await clerk.sees(at + "?langkah=kolom")
    await clerk.sends(at + "?langkah=kolom", at + "/periksa", **{"kolom-2": "ignore"})
    assert "catatan lama" not in await clerk.sees(at)


async def test_problems_are_grouped_first_then_row_by_row_and_filtered(clerk: Clerk):
    at = await clerk.uploaded(FAULTY, "pendaftaran")
    said = await clerk.sees(at)
    assert "3 baris perlu diperbaiki" in said
    assert said.index("Angkatan tidak dikenal · Kode Angkatan ditolak 2 baris") < said.index(
        "NIP bukan 18 digit · NIP ditolak 1 baris"
    )
    assert "Baris 5 NIP 1987 NIP bukan 18 digit NIP di baris 5 bukan 18 digit. Salin NIP lengkap" in said
    only = await clerk.sees(at + "?masalah=run.unknown")
    assert "TIDAK-ADA" in only
    assert "5 NIP 1987" not in only
    answer = await clerk.http.get(at + "/masalah.csv?masalah=run.unknown")
    head, *rows = answer.content.decode("utf-8-sig").strip().split("\r\n")
    assert head == "Baris;Kolom;Nilai;Masalah;Perbaikan;Kode"
    assert [row.split(";")[:3] for row in rows] == [
        ["6", "Kode Angkatan", "TIDAK-ADA"],
        ["7", "Kode Angkatan", "TIDAK-LAGI"],
    ]


async def test_the_refused_rows_and_the_original_come_back(clerk: Clerk):
    at = await clerk.uploaded(FAULTY, "pendaftaran")
    book = load_workbook(io.BytesIO((await clerk.http.get(at + "/ditolak.xlsx")).content))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == ["1987", FREE[4], FREE[4]]
    assert (await clerk.http.get(at + "/berkas")).content == FAULTY


async def test_what_was_decided_by_hand_stays_unless_it_is_chosen(importing: Importing, clerk: Clerk):
    old = OLD[0]
    await importing.execute(
        "INSERT INTO hand_edits (asn_id, field) SELECT asn_id, 'position' FROM asn WHERE nip = :nip",
        nip=old["nip"],
    )
    at = await clerk.uploaded(people((old["nip"], "Nama Lain", "Jabatan Berkas", "")), "pegawai")
    said = await clerk.sees(at)
    assert "Di 1 baris, berkas berbeda dengan yang diputuskan" in said
    assert f"Nama Sebelum: {old['name']} → Sesudah: Nama Lain" in said
    assert "Jabatan Berkas" not in said
    assert "Jabatan Sesudah: Jabatan Berkas" in await clerk.sees(at + "?baris=conflicts")
    await clerk.sends(at, at + "/periksa", timpa="ya")
    said = await clerk.sees(at)
    assert "Rencana ini menimpa keputusan manual" in said
    assert f"Jabatan Sebelum: {old['position']} → Sesudah: Jabatan Berkas" in said
    assert "Keputusan manual ikut ditimpa." in said
    await clerk.sends(at, at + "/periksa")
    assert "Rencana ini menimpa" not in await clerk.sees(at)


async def test_a_plan_that_moved_says_what_is_safe_and_what_next(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(enrolments(*FREE[:3]), "pendaftaran")
    body = {"run": SMALL, "nip": FREE[1]}
    await importing.site.command("enrolments", body, "operator", person=900, agency=CITY)
    refused = await clerk.sends(at, at + "/terapkan")
    assert refused.status_code == 409
    said = words(refused.text)
    assert "Data 1 baris berubah sejak rencana dibuat." in said
    assert "Baris 3: Datanya berubah sejak rencana dibuat." in said
    assert "Belum ada yang berubah." in said
    form = re.search(r"<form[^>]*/periksa.*?</form>", refused.text, re.DOTALL)
    assert form
    assert "Periksa ulang" in form[0]


async def test_a_second_confirmation_shows_how_far_it_is(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(enrolments(*FREE[:2]), "pendaftaran")
    stale = (await clerk.http.get(at)).text
    hidden = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', stale.partition("/terapkan")[2])
    )
    await clerk.sends(at, at + "/terapkan")
    await importing.works()
    again = await clerk.http.post(at + "/terapkan", data=hidden)
    assert again.status_code == 409
    assert "2 pendaftaran tercatat." in words(again.text)
    assert await importing.scalar("SELECT count(*) FROM import_rows WHERE outcome = 'applied'") == 2


async def test_what_depends_on_a_row_is_named_where_it_would_be_undone(importing: Importing, clerk: Clerk):
    new = new_nip(960)
    at = await clerk.uploaded(people((new, "Baru", "", "")), "pegawai")
    await clerk.sends(at, at + "/terapkan")
    await importing.works()
    assert "Batalkan impor" in await clerk.sees(at)
    body = {"run": SMALL, "nip": new}
    await importing.site.command("enrolments", body, "operator", person=900, agency=CITY)
    said = await clerk.sees(at)
    assert "Batalkan impor" not in said
    assert "Baris 2: Orang ini sudah didaftarkan pada pelatihan." in said


async def test_progress_is_told_in_rows(importing: Importing, clerk: Clerk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schedule, "CHUNK", 2)
    at = await clerk.uploaded(people(*((new_nip(940 + n), f"Baru {n}", "", "") for n in range(5))), "pegawai")
    await clerk.sends(at, at + "/terapkan")
    await importing.works(1)
    said = await clerk.sees(at)
    assert "2 dari 5 baris" in said
    assert "Halaman ini boleh ditutup" in said
    await importing.works()
    assert "5 data pegawai ditambahkan atau diperbarui." in await clerk.sees(at)


async def test_results_are_told_in_their_own_words(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(results((FREE[0], "893.3/1/X", 16)), "kelulusan")
    said = await clerk.sees(at)
    assert "Hasil Sesudah: lulus" in said
    assert "Tanggal selesai Sesudah: 6 Oktober 2026" in said
    await clerk.sends(at, at + "/terapkan")
    await importing.works()
    assert "1 hasil pelatihan tercatat." in await clerk.sees(at)


UNREADABLE = {
    "a PDF": (b"%PDF-1.7", "Berkas tidak dapat dibaca."),
    "nothing": (b"", "Berkas tidak berisi baris data."),
    "more than ten megabytes": (b"NIP;Kode Angkatan\n" + b"1;2\n" * 2_700_000, "Berkas terlalu besar."),
    "no header": (b"a;b\n1;2\n", "Judul kolom tidak ditemukan"),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_a_file_of_which_nothing_can_be_taken_is_told_at_its_field(
    importing: Importing, clerk: Clerk, what: str
):
    content, sentence = UNREADABLE[what]
    answer = await clerk.uploads(content, "pendaftaran")
    assert answer.status_code == 422
    assert f'<li><a href="#f-file">{sentence}' in answer.text
    assert await importing.scalar("SELECT count(*) FROM imports") == 0


async def test_an_upload_without_a_file_names_the_field(clerk: Clerk):
    answer = await clerk.sends(PATH + "/baru", PATH + "/baru", {"file": ("", b"")}, kind="pegawai")
    assert answer.status_code == 422
    assert "Pilih berkas yang diunggah." in answer.text
    assert 'value="pegawai" required checked' in answer.text


@pytest.mark.parametrize("kind", Kind)
async def test_a_template_is_read_as_it_is_filled_in(clerk: Clerk, kind: Kind):
    names = [column.name for column in configuration().columns[kind]]
    content = (await clerk.http.get(f"{PATH}/templat/{kind}.csv")).content
    sheet = read(content + ";".join("1" for _ in names).encode(), "a.csv", kind)
    assert isinstance(sheet, Sheet)
    assert [name.rstrip("*") for name in sheet.header] == names
    book = load_workbook(io.BytesIO((await clerk.http.get(f"{PATH}/templat/{kind}.xlsx")).content))
    assert book.worksheets[0].column_dimensions["A"].number_format == "@"
    book.worksheets[0].append([FREE[0], *("1" for _ in names[1:])])
    filled = io.BytesIO()
    book.save(filled)
    sheet = read(filled.getvalue(), "a.xlsx", kind)
    assert isinstance(sheet, Sheet)
    assert (sheet.detected.sheet, len(sheet.rows)) == (kind.capitalize(), 1)
    assert sheet.rows[0][1][0] == FREE[0]


@pytest.mark.parametrize(
    "sample", ["pendaftaran_bersih.xlsx", "pegawai_titik_koma_bom.csv", "kelulusan_kop_surat.xlsx"]
)
async def test_samples_come_through_the_pages(clerk: Clerk, sample: str):
    at = await clerk.uploaded((SAMPLES / sample).read_bytes(), sample.partition("_")[0], sample)
    assert "Belum ada yang berubah" in await clerk.sees(at)


async def test_another_agency_sees_nothing_and_cannot_act(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(FAULTY, "pendaftaran", "rahasia.csv")
    async with importing.site.client("operator", person=901, agency="5508") as http:
        other = Clerk(http)
        for more in ("", "/berkas", "/ditolak.csv", "/masalah.csv"):
            assert (await http.get(at + more)).status_code == 404
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', (await http.get(PATH + "/baru")).text))
        keys = {name: hidden[name] for name in ("form_token", "command_key")}
        for what in ("terapkan", "batalkan", "periksa"):
            assert (
                await http.post(f"{at}/{what}", data=keys | {"command_key": uuid4().hex})
            ).status_code == 404
        assert "rahasia.csv" not in await other.sees(PATH)
        assert (await other.uploads(FAULTY, "pendaftaran", agency=CITY)).status_code == 403
    async with importing.site.client("asn", person=901, agency=CITY) as http:
        assert (await http.get(PATH)).status_code == 403


async def test_an_auditor_reads_without_nips_files_or_buttons_and_the_look_is_noted(
    importing: Importing, clerk: Clerk
):
    at = await clerk.uploaded(enrolments(*FREE[:2]), "pendaftaran")
    async with importing.site.client("auditor", person=901, agency="5500") as http:
        page = (await http.get(at)).text
        assert (await http.get(PATH + "/baru")).status_code == 403
        assert (await http.get(at + "/berkas")).status_code == 403
    assert FREE[0] not in page
    assert FREE[0][:4] + "•" in page
    assert "/terapkan" not in page
    assert "/berkas" not in page
    about = await importing.scalar(
        "SELECT about FROM audit.entries WHERE kind = 'reading' ORDER BY id DESC LIMIT 1"
    )
    assert at.rsplit("/", 1)[-1] in about
    assert len(about) == 3


async def test_a_platform_person_chooses_the_agency(importing: Importing):
    async with importing.site.client("platform", person=901, agency=None) as http:
        platform = Clerk(http)
        nobody = await platform.uploads(enrolments(FREE[0]), "pendaftaran")
        assert nobody.status_code == 422
        assert "Pilih instansinya." in nobody.text
        answer = await platform.uploads(enrolments(FREE[0]), "pendaftaran", agency=CITY)
        assert answer.status_code == 303
        assert "berkas.csv Pendaftaran · Pemerintah" in await platform.sees(PATH)


async def test_what_is_kept_no_longer_is_not_offered(importing: Importing, clerk: Clerk):
    at = await clerk.uploaded(FAULTY, "pendaftaran")
    await importing.execute("DELETE FROM import_files")
    await importing.execute("DELETE FROM import_rows")
    page = (await clerk.http.get(at)).text
    assert "sudah dihapus menurut masa simpannya" in page
    for gone in ("/terapkan", "/berkas", "/ditolak"):
        assert gone not in page


async def test_a_full_list_names_who_leaves_and_asks_for_the_number_of_many(
    importing: Importing, clerk: Clerk
):
    few = await clerk.uploads(listing(GONE), "pegawai", replace="ya")
    at = few.headers["location"]
    page = (await clerk.http.get(at)).text
    assert figures(page)["Tercatat keluar"] == "1"
    said = words(page)
    assert f"1 dari {len(OURS)} pegawai tidak ada di daftar lengkap ini." in said
    assert "Ketik jumlahnya" not in said
    assert "di luar berkas" in said
    assert GONE in said
    many = await clerk.uploads(listing(*STAYING[:6]), "pegawai", replace="ya")
    at = many.headers["location"]
    said = await clerk.sees(at)
    assert "6 pegawai akan tercatat keluar." in said
    assert "Ketik jumlahnya untuk menyetujui." in said
    for typed in ("", "enam", "5"):
        refused = await clerk.sends(at, at + "/terapkan", keluar=typed)
        assert refused.status_code == 409
        assert "ketik jumlah itu saat menyetujui" in words(refused.text)
    assert (await clerk.sends(at, at + "/terapkan", keluar=" 6 ")).status_code == 303
    await importing.works()
    said = await clerk.sees(at)
    assert "6 data pegawai ditambahkan, diperbarui, atau tercatat keluar." in said
    assert "Yang tercatat keluar bertugas kembali." in said
    other = await clerk.uploads(results((FREE[0], "", 5)), "kelulusan", replace="ya")
    assert other.status_code == 422
    assert "Hanya berkas data pegawai atau pendaftaran instansi sendiri" in words(other.text)


async def test_the_plan_of_a_full_list_opens_on_who_would_leave(clerk: Clerk):
    file = listing(GONE, more=(("199001012015031001", "Orang Baru", CITY, ""),))
    page = (
        await clerk.http.get((await clerk.uploads(file, "pegawai", replace="ya")).headers["location"])
    ).text
    assert (figures(page)["Baru"], figures(page)["Tercatat keluar"]) == ("1", "1")
    assert re.search(r'baris=removed#rencana"[^>]*aria-current', page)


async def test_a_full_list_that_cannot_be_read_says_that_nobody_leaves(clerk: Clerk):
    file = listing(GONE, more=(("1987", "Siapa", CITY, ""),))
    said = await clerk.sees((await clerk.uploads(file, "pegawai", replace="ya")).headers["location"])
    assert "Tidak seorang pun tercatat keluar NIP pada 1 baris tidak dapat dibaca" in said
    assert "lalu unggah seluruh daftar" in said
    assert "Unduh hanya baris yang ditolak" not in said, "a file of those alone would have everybody leave"
    said = await clerk.sees((await clerk.uploads(listing(), "pegawai", replace="ya")).headers["location"])
    assert "semua pegawai ada di dalamnya" in said
