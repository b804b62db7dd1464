"""Pages that come again without a network: each puts itself into its browser's cache, and a service worker gives it out."""

import json
from pathlib import Path

from fastapi import Response

from bina.web.headers import HEADERS

_SCRIPT = (Path(__file__).parent / "shell" / "worker.js").read_text(encoding="utf-8")


def worker(below: str) -> Response:
    """The service worker of pages below a path, each of which registers it for itself alone. What it gives out again has
    the headers of a page."""
    kept = HEADERS | {"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer"}
    script = _SCRIPT.replace("HEADERS_OF_A_PAGE", json.dumps(kept))
    return Response(script, media_type="text/javascript", headers={"Service-Worker-Allowed": below})
