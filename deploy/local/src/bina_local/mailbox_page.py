"""The page that shows the mailbox: a list, and one mail as plain text."""

from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from bina_local.mailbox import Mail, Mailbox

ZONE = ZoneInfo("Asia/Jakarta")
PATH = "/mailbox"
STYLE = """
:root{color-scheme:light dark;--line:#8886}
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.6rem .5rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere;vertical-align:top}caption{text-align:left}pre{white-space:pre-wrap;overflow-wrap:anywhere;
font:inherit;border:1px solid var(--line);border-radius:.5rem;padding:1rem}dt{font-weight:600}dd{margin:0 0 .5rem}
td a,header a{display:inline-block;min-height:2.75rem}
"""
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}


def respond(mailbox: Mailbox, request: bytes) -> bytes:
    """A whole HTTP response to the head of a request."""
    method, _, rest = request.decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0].rstrip("/")
    if method not in ("GET", "HEAD"):
        return _response(405, _page("Tidak dapat", "<p>Halaman ini hanya untuk dibaca.</p>"))
    if path == f"{PATH}/style.css":
        return _response(200, STYLE, {"Content-Type": "text/css; charset=utf-8"})
    if path == PATH:
        return _response(200, _page("Kotak surat demo", _list(mailbox.newest())))
    mail = mailbox.find(path.removeprefix(f"{PATH}/"))
    if mail is None:
        return _response(404, _page("Surat tidak ditemukan", f"<p>{_back()}</p>"))
    return _response(200, _page(mail.subject, _letter(mail)))


def _response(status: int, body: str, headers: dict[str, str] | None = None) -> bytes:
    content = body.encode()
    words = {200: "OK", 404: "Not Found", 405: "Method Not Allowed"}[status]
    lines = {**HEADERS, **(headers or {}), "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {words}\r\n{head}\r\n".encode() + content


def _page(title: str, main: str) -> str:
    return (
        "<!doctype html><html lang='id'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<link rel='stylesheet' href='{PATH}/style.css'><title>{escape(title)} - Bina</title></head>"
        f"<body><header><a href='/'>Bina</a></header><main><h1>{escape(title)}</h1>{main}</main></body></html>"
    )


def _back() -> str:
    return f"<a href='{PATH}'>Kembali ke kotak surat</a>"


def _list(mails: list[Mail]) -> str:
    if not mails:
        return "<p>Belum ada surat. Surat muncul di sini begitu Bina mengirimnya.</p>"
    rows = "".join(_row(mail) for mail in mails)
    return (
        "<table><caption>Surat yang akan diterima orang, terbaru di atas</caption><thead><tr>"
        "<th scope='col'>Kepada</th><th scope='col'>Perihal</th><th scope='col'>Diterima (WIB)</th>"
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(mail: Mail) -> str:
    received = datetime.fromtimestamp(int(mail.name[:13]) / 1000, UTC).astimezone(ZONE)
    link = f"<a href='{PATH}/{mail.name}'>{escape(mail.subject)}</a>"
    return (
        f"<tr><td>{escape(mail.header('to'))}</td><td>{link}</td><td>{received:%d-%m-%Y %H:%M:%S}</td></tr>"
    )


def _letter(mail: Mail) -> str:
    facts = {"Dari": "from", "Kepada": "to", "Tanggal": "date"}
    listed = "".join(f"<dt>{label}</dt><dd>{escape(mail.header(name))}</dd>" for label, name in facts.items())
    return f"<dl>{listed}</dl><pre>{_linked(mail.text)}</pre><p>{_back()}</p>"


def _linked(text: str) -> str:
    """Escape a text and make its web addresses links."""
    import re

    parts = re.split(r"(https?://[^\s<>\"')]+)", text)
    shown = (
        f"<a href='{escape(part)}' rel='noreferrer'>{escape(part)}</a>" if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
    return "".join(shown)
