"""Nothing that opens a door and nothing that names a person stands in a log."""

import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from bina.web import logs
from bina.web.access import issue_task_link
from web.conftest import SECRET, token

NIP = "198703032010011003"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to its log."""
    written, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", written)
    for handler in handlers:
        root.removeHandler(handler)
    logs.to_stderr(logging.DEBUG)
    yield written
    root.handlers[:], root.level = handlers, level


async def test_a_served_request_leaves_no_secret(site: str, log: io.StringIO):
    session = token("operator")
    link = issue_task_link(uuid4(), SECRET, datetime.now(UTC) + timedelta(days=1))
    headers = {
        "Authorization": f"Bearer {session}",
        "Cookie": f"bina_session={session}",
        "Idempotency-Key": "a-key-of-one",
    }
    async with httpx.AsyncClient(base_url=site, headers=headers) as client:
        answers = [
            await client.get(f"/toy/tugas/{link}?nip={NIP}"),
            await client.get(f"/toy/rusak/{link}?nip={NIP}"),
            await client.post("/toy/api/v1/seats", json={"name": NIP, "jp": "x"}),
            await client.post("/toy/daftar", data={"password": "rahasia-sekali", "name": NIP}),
        ]
    assert [answer.status_code for answer in answers] == [200, 500, 422, 403]
    text = log.getvalue()
    assert "unexpected failure" in text
    assert "/toy/rusak/{token}" in text
    assert "RuntimeError" in text
    for secret in (session, link, link[:40], NIP, "rahasia-sekali", "a-key-of-one", SECRET):
        assert secret not in text, secret


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"Key (nip)=({NIP}) already exists", "Key (nip)=([…]) already exists"),
        ("offset 1234567890123456789 of 12", "offset 1234567890123456789 of 12"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer […]"),
        (
            "postgresql+asyncpg://enrollment:geheim@127.0.0.1:5432/x",
            "postgresql+asyncpg://[…]@127.0.0.1:5432/x",
        ),
        ("asyncpg.exceptions.UniqueViolationError: twice", "asyncpg.exceptions.UniqueViolationError: twice"),
        ("0190b5a0-0000-7000-8000-000000000001", "0190b5a0-0000-7000-8000-000000000001"),
    ],
)
def test_what_is_taken_out_of_a_line(log: io.StringIO, line: str, shown: str):
    logging.getLogger("some.where").warning(line)
    assert log.getvalue() == f"WARNING some.where: {shown}\n"
