"""The service's pages in the common shell."""

from pathlib import Path

from bina.web.pages import Pages

pages = Pages("enrollment", Path(__file__).parent)
