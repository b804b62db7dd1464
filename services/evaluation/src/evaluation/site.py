"""The templates of this service inside the shell."""

from pathlib import Path

from bina.web.pages import Pages

pages = Pages("evaluation", Path(__file__).parent)
