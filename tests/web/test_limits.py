"""What comes before sign-in does not fill the memory."""

import re
from collections.abc import AsyncIterator

import pytest

from bina.web.limits import LARGEST_BODY

CHUNK = 64 * 1024


class Stream:
    """Bytes that come until nobody takes them any more; `sent` says how many did."""

    def __init__(self, size: int, head: bytes = b"") -> None:
        self.size = size
        self.head = head
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.head:
            yield self.head
        while self.sent < self.size:
            self.sent += CHUNK
            yield b" " * CHUNK


@pytest.mark.parametrize("path", ["/toy/api/v1/seats", "/toy/daftar"])
async def test_an_announced_length_above_the_limit_is_not_even_read(client_of, path: str):
    body = Stream(10 * LARGEST_BODY)
    async with client_of() as client:
        headers = {"Content-Length": str(LARGEST_BODY + 1), "Content-Type": "application/json"}
        answer = await client.post(path, content=body, headers=headers)
    assert (answer.status_code, body.sent) == (413, 0)
    assert "Kiriman ini terlalu besar." in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_body_without_a_length_is_read_up_to_the_limit_only(client_of):
    body = Stream(10 * LARGEST_BODY)
    async with client_of() as client:
        answer = await client.post(
            "/toy/api/v1/seats", content=body, headers={"Content-Type": "application/json"}
        )
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:bina:problem:too-large")
    assert body.sent == LARGEST_BODY + CHUNK


async def test_a_form_without_a_length_is_read_no_further(client_of):
    body = Stream(
        10 * LARGEST_BODY, head=b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    )
    async with client_of() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = await client.post("/toy/daftar", content=body, headers=headers)
    assert (answer.status_code, body.sent) == (413, LARGEST_BODY)


async def test_a_body_at_the_limit_is_read(client_of):
    async with client_of("operator") as client:
        seat = b'{"name": "Ratna Dewi", "jp": 8}'
        body = seat + b" " * (LARGEST_BODY - len(seat))
        headers = {"Content-Type": "application/json", "Idempotency-Key": "at-the-limit"}
        answer = await client.post("/toy/api/v1/seats", content=body, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("sizes", "status"), [([10], 200), ([1000, 1000], 200), ([1001], 413), ([1, 1001], 413), ([1, 1, 1], 400)]
)
async def test_a_route_says_how_many_files_it_takes_and_how_large(client_of, sizes: list[int], status: int):
    async with client_of() as client:
        page = (await client.get("/toy/isi/1")).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
        files = [("berkas", (f"{n}.csv", b"\xff" * size)) for n, size in enumerate(sizes)]
        answer = await client.post("/toy/berkas", data=hidden, files=files)
    assert answer.status_code == status
    if status == 200:
        assert answer.text == ",".join(str(size) for size in sizes)


async def test_a_route_that_says_nothing_takes_no_file(client_of):
    async with client_of() as client:
        answer = await client.post("/toy/daftar", data={"name": "Ratna"}, files={"berkas": ("a.csv", b"a")})
    assert answer.status_code == 400
