"""One connection to the mail server, and what its answers mean for each mail."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from email.message import EmailMessage
from uuid import UUID

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bina.messaging import telemetry
from notification.deliveries.domain import Outcome, Result, outcome_of
from notification.settings import NotificationSettings

GRACE_SECONDS = 0.5
"""Shorter than a second, after which a stop becomes insistent."""
log = logging.getLogger(__name__)
# At odds with us, not with a recipient: nothing is wrong with the mail.
_OURS = (SMTPAuthenticationError, SMTPHeloError, SMTPSenderRefused)


class ServerAwayError(Exception):
    """The server cannot be used now; mails left over are untouched."""


class Connection:
    """A session with the mail server, opened anew when it is lost."""

    def __init__(self, settings: NotificationSettings) -> None:
        self._settings = settings
        self._smtp: SMTP | None = None
        self._server: dict[str, str | int] = {
            "network.protocol.name": "smtp",
            "server.address": settings.smtp_host,
            "server.port": settings.smtp_port,
        }

    async def send(
        self,
        mails: Iterable[tuple[UUID, EmailMessage]],
        results: list[Result],
        may_go: Callable[[UUID], Awaitable[bool]],
        traces: dict[UUID, str],
    ) -> None:
        """Send one after the other, adding a result for each tried; stops at the first that may not go or finds the
        server away. `traces`: where the traces of notices stand, and then go on."""
        try:
            for notice_id, mail in mails:
                if not await may_go(notice_id):
                    break
                with telemetry.calling("send email", traces.get(notice_id, ""), self._server) as call:
                    await self._add(results, notice_id, mail)
                    call.error = results[-1].code
                if call.traceparent:
                    traces[notice_id] = call.traceparent
                if results[-1].outcome is Outcome.UNTRIED:
                    break
        except ServerAwayError as error:
            log.warning("mail server away: %s", error)
        finally:
            await self._close()

    async def _add(self, results: list[Result], notice_id: UUID, mail: EmailMessage) -> None:
        """Send one; a stop waits a moment for the server's answer to the mail in hand."""
        sending = asyncio.ensure_future(self._send_one(notice_id, mail))
        try:
            results.append(await asyncio.shield(sending))
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=GRACE_SECONDS)
            if not sending.done():
                sending.cancel()
            elif sending.exception() is None:
                results.append(sending.result())
            raise

    async def _send_one(self, notice_id: UUID, mail: EmailMessage) -> Result:
        smtp = await self._open()
        try:
            await smtp.send_message(mail)
        except SMTPRecipientsRefused as refused:
            first = refused.recipients[0]
            return _answered(notice_id, first.code, first.message)
        except _OURS as error:
            raise ServerAwayError(str(error)) from error
        except SMTPResponseException as error:
            return _answered(notice_id, error.code, error.message)
        except (SMTPException, OSError) as lost:
            # It may have been taken before the line broke: another try may duplicate it, under the same Message-ID.
            await self._close()
            return Result(notice_id, Outcome.RETRY, "connection_lost", str(lost))
        except ValueError as error:
            return Result(notice_id, Outcome.FAILED, "bad_address", str(error))
        return Result(notice_id, Outcome.SENT)

    async def _open(self) -> SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        chosen = self._settings
        smtp = SMTP(
            hostname=chosen.smtp_host,
            port=chosen.smtp_port,
            username=chosen.smtp_user or None,
            password=chosen.smtp_password or None,
            start_tls=chosen.smtp_start_tls,
            timeout=chosen.smtp_timeout_seconds,
        )
        try:
            await smtp.connect()
        except (SMTPException, OSError) as error:
            smtp.close()
            raise ServerAwayError(str(error)) from error
        self._smtp = smtp
        return smtp

    async def _close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if smtp.is_connected:
                await smtp.quit()
        except (SMTPException, OSError):
            log.debug("the mail server did not say goodbye")
        finally:
            smtp.close()


def _answered(notice_id: UUID, reply: int, said: str) -> Result:
    outcome = outcome_of(reply)
    code = "refused" if outcome is Outcome.FAILED else "deferred"
    return Result(notice_id, outcome, code, f"{reply} {said}"[:500])
