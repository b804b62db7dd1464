"""What the notification service is told by its surroundings, besides what every service is."""

from pydantic import Field

from bina.messaging import Settings


class NotificationSettings(Settings):
    """Settings of the notification service; the mail server is its one outside channel."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_start_tls: bool | None = None
    """True insists on STARTTLS, False never uses it, unset uses it where the server offers it."""
    smtp_timeout_seconds: float = Field(default=20.0, gt=0)
    """For connecting and for each answer of the server."""
    mail_from: str = "jangan-balas@bina.localhost"
    """Sender's address; its domain also ends every Message-ID, so changing it changes those."""
    mail_sender_name: str = "Bina"
    mail_tries: int = Field(default=8, ge=1)
    """Answers of the server after which a mail is given up."""
    mail_retry_seconds: float = Field(default=60.0, ge=0)
    """Pause after the first refusal; doubles with each, with jitter, up to two hours."""
