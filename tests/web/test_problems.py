import re

import pytest


async def test_a_problem_has_one_text_for_machines_and_people(client_of):
    async with client_of("operator") as client:
        page = await client.get("/toy/galat")
        api = await client.post(
            "/toy/api/v1/seats", json={"name": "ab", "jp": "banyak"}, headers={"Idempotency-Key": "k" * 16}
        )
    assert page.status_code == 409
    for words in ("Kursi penuh.", "Angkatan IV sudah 40 orang.", "Masuk daftar tunggu."):
        assert words in page.text
    assert (api.status_code, api.headers["content-type"]) == (422, "application/problem+json")
    assert api.json() == {
        "type": "urn:bina:problem:invalid-input",
        "title": "Ada isian yang belum benar.",
        "status": 422,
        "mend": "Perbaiki isian di bawah ini, lalu kirim lagi.",
        "errors": [
            {"where": "name", "what": "Isi sedikitnya 3 karakter."},
            {"where": "jp", "what": "Isi dengan bilangan bulat."},
        ],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "type_"),
    [
        ("GET", "/toy/api/v1/nothing", 404, "not-found"),
        ("DELETE", "/toy/api/v1/me", 405, "method-not-allowed"),
        ("GET", "/toy/api/v1/ops/parked/7", 401, "not-signed-in"),
    ],
)
async def test_refusals_of_the_framework_are_problems_too(client_of, method, path, status, type_):
    async with client_of() as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:bina:problem:{type_}")


async def test_a_missing_page_is_a_page(client_of):
    async with client_of() as client:
        answer = await client.get("/toy/tidak-ada")
    assert answer.status_code == 404
    assert "<h1>Halaman atau data ini tidak ditemukan.</h1>" in answer.text


async def test_an_unforeseen_failure_shows_a_code_and_logs_the_rest(client_of, caplog):
    async with client_of() as client:
        api = await client.get("/toy/api/v1/fault")
        page = await client.get("/toy/rusak")
    assert (api.status_code, page.status_code) == (500, 500)
    shown = re.search(r"<code>(\w{4}-\w{4})</code>", page.text)
    codes = [api.json()["reference"], shown[1] if shown else "none"]
    assert all(code in caplog.text for code in codes)
    assert "secret detail" not in api.text + page.text
    assert "secret detail of the inside" in caplog.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
