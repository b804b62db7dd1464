"""Bytes as they come over a socket: what is no request, too large or too slow gets its problem, and no stack trace."""

import asyncio
import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from bina.web import limits, wire
from bina.web.limits import LARGEST_BODY
from web.conftest import token

HEAD = b"GET /toy/api/v1/me HTTP/1.1\r\nHost: bina.test\r\n"
POST = b"POST /toy/api/v1/seats HTTP/1.1\r\nHost: bina.test\r\nContent-Type: application/json\r\n"
FORM = b"POST /toy/daftar HTTP/1.1\r\nHost: bina.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"


async def said(site: str, sent: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body of the one answer; empty if nothing was said."""
    reader, writer = await asyncio.open_connection(urlsplit(site).hostname, urlsplit(site).port)
    try:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head.split()[1]), head, await reader.readexactly(length)
    finally:
        writer.close()


def body_of(content: bytes, head: bytes = POST) -> bytes:
    return head + f"Content-Length: {len(content)}\r\n\r\n".encode() + content


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "NUL in the head": b"GET /\0 HTTP/1.1\r\n\r\n",
    "no HTTP version": b"GET / FTP/1.1\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header without a name": HEAD + b": x\r\n\r\n",
    "a header without a colon": HEAD + b"nonsense\r\n\r\n",
    "a length that is no number": POST + b"Content-Length: ten\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: rot13\r\n\r\nabc",
    "a chunk of no size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "a chunk longer than said": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n",
    "two hosts": HEAD + b"Host: other.test\r\n\r\n",
    "a host that is none": b"GET /toy/api/v1/me HTTP/1.1\r\nHost: [\r\n\r\n",
    "two keys": body_of(b"{}", POST + b"Idempotency-Key: first-key\r\nIdempotency-Key: second-key\r\n"),
    "two tokens": HEAD + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_is_no_request_gets_a_problem(site: str, case: str, caplog: pytest.LogCaptureFixture):
    status, head, body = await said(site, MALFORMED[case])
    assert (status, b"application/problem+json" in head) == (400, True)
    assert json.loads(body)["type"] == "urn:bina:problem:unreadable"
    assert b"Traceback" not in body
    assert [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/toy/api/v1/me?q=%ff", 422),
        (b"/toy/api/v1/%ff", 422),
        (b"/toy/api/v1/me?q=%00", 422),
        (b"/toy/api/v1/%2e%2e/%2e%2e/etc/passwd", 404),
        (b"/toy/api/v1/me?" + b"&" * 20_000, 401),
        (b"/toy/api/v1/me?q=%zz%", 401),
    ],
)
async def test_odd_addresses_are_answered(site: str, path: bytes, status: int):
    assert (await said(site, b"GET " + path + b" HTTP/1.1\r\nHost: bina.test\r\n\r\n"))[0] == status


BODIES = {
    "no JSON": b"{",
    "bytes that are no UTF-8": b'{"name": "\xff", "jp": 1}',
    "depth": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number without end": b'{"name": "Ratna", "jp": ' + b"9" * 100_000 + b"}",
    "half a character": b'{"name": "\\ud800xx", "jp": 1}',
    "no number": b'{"name": "Ratna", "jp": NaN}',
    "NUL": b'{"name": "\\u0000abc", "jp": 1}',
    "nothing": b"",
}


@pytest.mark.parametrize("case", BODIES)
async def test_an_odd_body_gets_a_problem(site: str, case: str, caplog: pytest.LogCaptureFixture):
    status, head, body = await said(site, body_of(BODIES[case], POST + bearer()))
    assert (status in {400, 422}, b"application/problem+json" in head) == (True, True)
    assert json.loads(body)["type"] in {"urn:bina:problem:unreadable", "urn:bina:problem:invalid-input"}
    assert [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info] == []


def bearer() -> bytes:
    return f"Authorization: Bearer {token('operator')}\r\nIdempotency-Key: a-key-of-mine\r\n".encode()


def multipart(parts: int, *, file: bool = False, size: int = 1) -> bytes:
    more = b'; filename="f"' if file else b""
    each = [
        b'--x\r\nContent-Disposition: form-data; name="f%d"%s\r\n\r\n%s\r\n' % (n, more, b"a" * size)
        for n in range(parts)
    ]
    return b"".join(each) + b"--x--\r\n"


def of_type(kind: bytes) -> bytes:
    return b"POST /toy/daftar HTTP/1.1\r\nHost: bina.test\r\nContent-Type: " + kind + b"\r\n"


PARTS = of_type(b"multipart/form-data; boundary=x")
FORMS = {
    "fields without end": body_of(b"&".join(b"a=1" for _n in range(10_000)), FORM),
    "a field without end": body_of(b"a=" + b"b" * 100_000, FORM),
    "no UTF-8": body_of(b"name=%ff", FORM),
    "parts without end": body_of(multipart(5000), PARTS),
    "a file that nobody asked for": body_of(multipart(1, file=True), PARTS),
    "a part without end": body_of(multipart(1, size=100_000), PARTS),
    "no UTF-8 in a part": body_of(multipart(1).replace(b"a\r\n--", b"\xff\r\n--"), PARTS),
    "no boundary": body_of(multipart(1), of_type(b"multipart/form-data")),
    "another boundary": body_of(multipart(1), of_type(b"multipart/form-data; boundary=y")),
    "a codec that is none": body_of(
        multipart(1), of_type(b"multipart/form-data; boundary=x; charset=undefined")
    ),
    "a codec of domain names": body_of(
        multipart(1), of_type(b"multipart/form-data; boundary=x; charset=idna")
    ),
}


@pytest.mark.parametrize("case", FORMS)
async def test_an_odd_form_gets_a_page(site: str, case: str, caplog: pytest.LogCaptureFixture):
    status, _head, body = await said(site, FORMS[case])
    assert status == 400
    assert "Permintaan ini tidak dapat dibaca." in body.decode()
    assert [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info] == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * wire.LARGEST_HEAD + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        HEAD + b"X-Long: " + b"a" * wire.LARGEST_HEAD + b"\r\n\r\n",
        HEAD + b"X-Many: a\r\n" * wire.MOST_HEADERS + b"\r\n",
        HEAD + b"X-Endless: " + b"a" * 20 * wire.LARGEST_HEAD,
    ],
)
async def test_a_head_above_the_limit_is_refused(site: str, head: bytes):
    status, _head, body = await said(site, head)
    assert (status, json.loads(body)["type"]) == (431, "urn:bina:problem:head-too-large")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX-Slow: "])
async def test_a_head_that_does_not_come_is_not_waited_for(site: str, sent: bytes, monkeypatch):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    status, _head, body = await said(site, sent)
    assert (status, json.loads(body)["type"]) == (408, "urn:bina:problem:too-slow")


async def test_a_next_request_on_the_connection_is_not_waited_for_either(site: str, monkeypatch):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(urlsplit(site).hostname, urlsplit(site).port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: bina.test\r\n\r\nGET /healthz HTTP/1.1\r\n")
    answers = await reader.read()
    writer.close()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"408"]


async def test_a_body_that_does_not_come_is_not_waited_for(site: str, monkeypatch):
    monkeypatch.setattr(limits, "SLOWEST_BODY", 0.2)
    status, _head, body = await said(site, POST + bearer() + b"Content-Length: 100\r\n\r\n{")
    assert (status, json.loads(body)["type"]) == (408, "urn:bina:problem:too-slow")


async def test_a_body_above_the_limit_is_refused_before_it_comes(site: str):
    status, _head, _body = await said(site, POST + f"Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
    assert status == 413


@pytest.mark.parametrize("path", ["/toy/api/v1/seats", "/toy/daftar"])
async def test_whoever_leaves_within_a_body_is_no_failure(
    app: FastAPI, path: str, caplog: pytest.LogCaptureFixture
):
    came = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    kinds = {"/toy/daftar": b"application/x-www-form-urlencoded"}
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    kind = (b"content-type", kinds.get(path, b"application/json"))

    async def receive() -> dict[str, Any]:
        return next(came)

    async def send(_message: Any) -> None:
        pass

    await app(
        {**scope, "headers": [kind], "client": ("127.0.0.1", 1), "server": ("bina.test", 80)}, receive, send
    )
    assert [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info] == []
