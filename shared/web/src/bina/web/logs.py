"""What a service's log never holds: sessions, personal links, bearer tokens and NIP, whoever writes the line.

No line is meant to have any; an error's text may quote what was sent, and a database names the row it refuses.
"""

import logging
import re
import sys

_SECRETS = re.compile(
    r"(?<!\d)\d{18}(?!\d)"  # a NIP
    r"|[\w-]{10,}\.[\w-]{6,}\.[\w-]{40,}"  # a signed token: claims, time or header, signature
    r"|(?i:(?<=bearer )|(?<=basic ))[^\s'\"]+"
    r"|(?<=://)[^\s/@'\"]+:[^\s/@'\"]+(?=@)"  # a database's role and password
)


class Scrubbed(logging.Formatter):
    """Formats a record, its stack trace too, and takes out what is nobody's to read."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines of a record."""
        return _SECRETS.sub("[…]", super().format(record))


def to_stderr(level: int = logging.WARNING) -> None:
    """Have every logger of this process write there, scrubbed."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Scrubbed("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
