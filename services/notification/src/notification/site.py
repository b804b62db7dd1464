"""The service's pages inside the shell."""

from pathlib import Path

from bina.web.pages import Pages

pages = Pages("notification", Path(__file__).parent)
