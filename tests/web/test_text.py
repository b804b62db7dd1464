"""No NUL character comes in: not by an address, not by a form, not by a body."""

import re
from uuid import uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from bina.web.text import Code, Line, PlainText


@pytest.mark.parametrize(
    "path",
    ["/toy/api/v1/ops/parked/%00", "/toy/api/v1/me?q=%00", "/toy/tidak%00ada", "/toy/beranda?cari=a%00"],
)
async def test_an_address_with_a_nul_is_refused(client_of, path: str):
    async with client_of("platform") as client:
        answer = await client.get(path)
    assert answer.status_code == 422
    assert "Ada karakter yang tidak dapat disimpan." in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("field", [{"name": "Ratna\0"}, {"name": "Ratna", "x\0": "y"}])
async def test_a_form_with_a_nul_is_refused(client_of, field: dict[str, str]):
    async with client_of() as client:
        page = (await client.get("/toy/isi/1")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        assert hidden
        answer = await client.post("/toy/daftar", data=hidden | field)
    assert answer.status_code == 422


async def test_a_guest_is_never_named_by_a_nul(client_of):
    async with client_of() as client:
        page = await client.get("/toy/isi/1", headers={"Cookie": r'bina_guest="\000"'})
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page.text))
        answer = await client.post(
            "/toy/daftar", data=hidden | {"name": uuid4().hex}, headers={"Cookie": r'bina_guest="\000"'}
        )
    assert answer.status_code == 403


@pytest.mark.parametrize("type_", [PlainText, Code, Line])
def test_texts_keep_every_other_character(type_):
    adapter = TypeAdapter(type_)
    for text in ("Baris satu\nbaris dua\t", "Ñ “’—😀", "\x01\x7f"):
        assert adapter.validate_python(text) == text
    for text in ("\0", "a\0b", "a\n\0", "\0\n"):
        with pytest.raises(ValidationError):
            adapter.validate_python(text)
