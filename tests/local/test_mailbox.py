import asyncio
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx

from bina_local import mailbox as mailboxes
from bina_local.mailbox import Mailbox, serve_pages, serve_smtp
from bina_local.ports import HOST, any_free


def mail(subject: str = "Pelatihan dibuka", text: str = "Halo") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bina@example.org", "rina@example.org", subject
    message.set_content(text)
    return message


async def test_a_mail_sent_is_a_mail_shown(tmp_path: Path):
    mailbox, smtp, http = Mailbox(tmp_path), any_free(), any_free()
    servers = [await serve_smtp(mailbox, smtp), await serve_pages(mailbox, http)]
    await aiosmtplib.send(mail(text="Buka http://127.0.0.1/x?a=1&b=2 sekarang"), hostname=HOST, port=smtp)
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{http}") as client:
        listed = await client.get("/mailbox")
        shown = await client.get(f"/mailbox/{mailbox.newest()[0].name}")
        missing = await client.get("/mailbox/1234567890123-000000")
        written = await client.post("/mailbox")
    for server in servers:
        server.close()
        await server.wait_closed()
    assert "Pelatihan dibuka" in listed.text
    assert "rina@example.org" in listed.text
    assert "href='http://127.0.0.1/x?a=1&amp;b=2'" in shown.text
    assert (missing.status_code, written.status_code) == (404, 405)
    assert listed.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_mail_cannot_put_markup_into_the_page(tmp_path: Path):
    from bina_local.mailbox_page import respond

    mailbox = Mailbox(tmp_path)
    mailbox.deliver(mail("<script>1</script>", "<img src=x>").as_bytes())
    name = mailbox.newest()[0].name
    for path in ("/mailbox", f"/mailbox/{name}"):
        page = respond(mailbox, f"GET {path} HTTP/1.1\r\n\r\n".encode()).decode()
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        assert "<img" not in page


def test_a_path_never_leaves_the_folder(tmp_path: Path):
    folder = tmp_path / "mails"
    folder.mkdir()
    (tmp_path / "secret.eml").write_bytes(mail("rahasia").as_bytes())
    assert Mailbox(folder).find("../secret") is None


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(mailboxes, "KEPT", 3)
    mailbox = Mailbox(tmp_path)
    for number in range(5):
        mailbox.deliver(mail(f"surat {number}").as_bytes())
    assert [one.subject for one in mailbox.newest()] == ["surat 4", "surat 3", "surat 2"]


async def test_a_broken_mail_is_still_shown(tmp_path: Path):
    from bina_local.mailbox_page import respond

    mailbox = Mailbox(tmp_path)
    await asyncio.to_thread(mailbox.deliver, b"\xff\xfe not a mail \x00")
    assert b"(tanpa perihal)" in respond(mailbox, b"GET /mailbox HTTP/1.1\r\n\r\n")
