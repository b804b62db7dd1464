"""The pattern of an agency's certificate numbers on a page: shown, tried, changed from the next number on."""

from .attending import sends
from .certifying import issue, numbers_of
from .conftest import Site
from .story import CITY, REGENCY

PAGE = "/enrollment/nomor-sertifikat"


async def test_a_pattern_is_tried_before_it_is_kept_and_holds_from_the_next_number_on(site: Site):
    await issue(site, 2)
    async with site.client("operator", person=9) as client:
        page = (await client.get(PAGE)).text
        assert f"Nomor berikutnya: 0002/{CITY}/PBJ/2026." in page
        assert "Simpan pola" not in page
        tried = (await client.get(PAGE, params={"pola": "893.3/{seq}/{year}"})).text
        assert "nomor berikutnya menjadi 893.3/2/2026, lalu 893.3/3/2026." in tried
        assert "0002/" in (await client.get(PAGE)).text  # a look changes nothing
        kept = await sends(client, f"{PAGE}?pola=893.3/%7Bseq%7D/%7Byear%7D", PAGE)
        assert kept.status_code == 303
        assert "Nomor berikutnya: 893.3/2/2026." in (await client.get(PAGE)).text
    await issue(site, 3)
    assert await numbers_of(site) == [f"0001/{CITY}/BTK/2026", "893.3/2/2026"]
    (noted,) = await site.svc.rows(
        "SELECT detail::text AS line FROM audit.entries WHERE action = 'POST /enrollment/nomor-sertifikat'"
    )
    assert "certificate-series" in noted.line


async def test_a_pattern_without_number_or_year_is_refused_with_words(site: Site):
    async with site.client("operator", person=9) as client:
        for bad in ("{year}", "{seq}", "{seq}/{seq}/{year}", "{seq}/{year}/{nip}", "{seq"):
            page = (await client.get(PAGE, params={"pola": bad})).text
            assert "Pakai {seq} sekali, {year}" in page
            assert "Simpan pola" not in page
        fields = await client.get(f"{PAGE}?pola=%7Bseq%7D/%7Byear%7D")
        assert "Simpan pola" in fields.text
        sent = await sends(client, f"{PAGE}?pola=%7Bseq%7D/%7Byear%7D", PAGE, pola="{year}")
        assert sent.status_code == 422
        assert "Pakai {seq} sekali" in sent.text
        assert f"0001/{CITY}/PBJ/2026" in (await client.get(PAGE)).text


async def test_only_ones_own_agency_is_numbered(site: Site):
    async with site.client("operator", person=9) as client:
        assert (await client.get(f"{PAGE}?instansi={REGENCY}")).status_code == 403
        sent = await sends(client, f"{PAGE}?pola=%7Bseq%7D/%7Byear%7D", PAGE, instansi=REGENCY)
        assert sent.status_code == 403
    async with site.client("platform", person=8, agency=None) as client:
        assert "Pilih instansi." in (await client.get(PAGE)).text
        assert f"0001/{REGENCY}/PBJ/2026" in (await client.get(f"{PAGE}?instansi={REGENCY}")).text
    async with site.client("asn", person=2) as client:
        assert (await client.get(PAGE)).status_code == 403
