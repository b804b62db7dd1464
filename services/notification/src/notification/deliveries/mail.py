"""A notice as an e-mail: plain text and the same in simple HTML, with one link."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from uuid import UUID

from notification.notices.domain import Spoken

FOOTER = {
    "id": "Anda menerima surat ini karena terdaftar di Bina. Pilih bahasa dan saluran:",
    "en": "You receive this because you are registered in Bina. Choose language and channel:",
}
PREFERENCES = "/notification/preferensi"
# Mail readers drop style sheets, so the few rules stand on the elements.
_LINK = "display:inline-block;padding:12px 20px;background:#174a78;color:#ffffff;text-decoration:none"
_PAGE = "font-family:sans-serif;font-size:16px;line-height:1.5;color:#12202e;max-width:36em"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mail it is; `address`'s domain ends every Message-ID."""

    name: str
    address: str
    site: str

    @property
    def domain(self) -> str:
        """The right side of a Message-ID."""
        return self.address.rpartition("@")[2]


def message_id(notice_id: UUID, domain: str) -> str:
    """The same for every try, so that receivers can drop a duplicate."""
    return f"<{notice_id}.email@{domain}>"


def compose(
    notice_id: UUID,
    spoken: Spoken,
    *,
    language: str,
    path: str,
    sender: Sender,
    recipient: str,
    sent: datetime,
) -> EmailMessage:
    """The mail of a notice; raises `ValueError` for an address that is none."""
    user, at, domain = recipient.strip().rpartition("@")
    if (
        not at
        or not user
        or not domain
        or not recipient.isascii()
        or any(map(str.isspace, recipient.strip()))
    ):
        raise ValueError(f"{recipient!r} is no e-mail address")
    mail = EmailMessage()
    mail["Subject"] = " ".join(spoken.subject.split())
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    mail["To"] = Address(addr_spec=recipient.strip())
    mail["Date"] = format_datetime(sent)
    mail["Message-ID"] = message_id(notice_id, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = language
    mail.set_content(_text(spoken, language, sender.site + path, sender.site + PREFERENCES))
    mail.add_alternative(
        _html(spoken, language, sender.site + path, sender.site + PREFERENCES), subtype="html"
    )
    return mail


def _text(spoken: Spoken, language: str, link: str, preferences: str) -> str:
    return f"{spoken.body}\n\n{spoken.link}:\n{link}\n\n-- \n{FOOTER[language]}\n{preferences}\n"


def _html(spoken: Spoken, language: str, link: str, preferences: str) -> str:
    paragraphs = "".join(
        f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in spoken.body.split("\n\n") if part
    )
    return (
        f'<!doctype html><html lang="{language}"><body><div style="{_PAGE}">{paragraphs}'
        f'<p><a href="{escape(link)}" style="{_LINK}">{escape(spoken.link)}</a></p>'
        f'<p style="font-size:13px;color:#4b5966">{escape(FOOTER[language])} '
        f'<a href="{escape(preferences)}">{escape(preferences)}</a></p></div></body></html>'
    )
