"""The shell's stylesheet, modules, font and icons: read once, named by content hash, cached by browsers for good."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HOME = Path(__file__).parent / "shell" / "static"
DIST = HOME / "dist"
FONT = "plus-jakarta-sans.woff2"
PRINT_FONTS = {400: "plus-jakarta-sans-400.ttf", 750: "plus-jakarta-sans-750.ttf"}
"""By weight: with all letters that the family has, for documents, which no browser asks for."""
ICONS = "icons.json"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_FONT_FACE = (
    '@font-face{font-family:"Plus Jakarta Sans";src:url("/static/%s") format("woff2");'
    "font-weight:200 800;font-style:normal;font-display:optional}\n"
)


@dataclass(frozen=True)
class Asset:
    """One file as it is served: `name` carries the hash, `integrity` the SRI digest."""

    name: str
    body: bytes
    media_type: str
    integrity: str

    @property
    def href(self) -> str:
        """Its path on the site."""
        return f"/static/{self.name}"


@cache
def assets() -> Mapping[str, Asset]:
    """Every asset by its plain name (`shell.css`); without built font the stylesheet names the system's."""
    found = {
        path.name: _asset(path.name, _script(path.read_text("utf-8"))) for path in sorted(HOME.glob("*.js"))
    }
    font = DIST / FONT
    face = ""
    if font.is_file():
        found[FONT] = _asset(FONT, font.read_bytes())
        face = _FONT_FACE % found[FONT].name
    sheets = "".join(path.read_text() for path in sorted(HOME.glob("*.css")))
    found["shell.css"] = _asset("shell.css", (face + sheets).encode())
    found["mark.svg"] = _asset("mark.svg", (HOME / "mark.svg").read_bytes())
    return found


def icon(name: str) -> Markup:
    """A Lucide icon in the text's colour, silent to screen readers; nothing when icons were not built."""
    drawn = _icons().get(name)
    if drawn is None:
        return Markup("")
    return Markup(  # noqa: S704 - drawn at build time from the locked icon package
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">'
        f"{drawn}</svg>"
    )


def stylesheet() -> Markup:
    """The `<link>` of the one stylesheet."""
    css = assets()["shell.css"]
    return Markup('<link rel="stylesheet" href="{}" integrity="{}">').format(css.href, css.integrity)


def module(name: str, *, first: bool = False) -> Markup:
    """The `<script type=module>` of one of the shell's modules; `first`: it runs before anything is painted, as what
    it arranges would jump."""
    js = assets()[name]
    blocking = Markup(' blocking="render"') if first else ""
    return Markup('<script type="module" src="{}" integrity="{}"{}></script>').format(
        escape(js.href), escape(js.integrity), blocking
    )


def route() -> Route:
    """`/static/<hashed name>`; any other name is 404."""
    by_name = {asset.name: asset for asset in assets().values()}

    async def serve(request: Request) -> Response:
        asset = by_name.get(request.path_params["name"])
        if asset is None:
            return Response(status_code=404)
        return _response(asset, compressed="gzip" in request.headers.get("accept-encoding", ""))

    return Route("/static/{name}", serve, methods=["GET"])


def _response(asset: Asset, *, compressed: bool) -> Response:
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if compressed and asset.media_type != "font/woff2":
        headers["Content-Encoding"] = "gzip"
        return Response(_gzipped(asset.name), media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@cache
def _gzipped(name: str) -> bytes:
    body = next(asset.body for asset in assets().values() if asset.name == name)
    return gzip.compress(body, 9, mtime=0)


def _script(source: str) -> bytes:
    """A module without its lines of comment, a fifth of what it weighs."""
    lines = (line for line in source.splitlines(keepends=True) if not line.lstrip().startswith("//"))
    return "".join(lines).encode()


def _asset(name: str, body: bytes) -> Asset:
    stem, suffix = Path(name).stem, Path(name).suffix
    digest = base64.b64encode(hashlib.sha384(body).digest()).decode()
    hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}{suffix}"
    return Asset(hashed, body, _TYPES[suffix], f"sha384-{digest}")


@cache
def _icons() -> Mapping[str, str]:
    built = DIST / ICONS
    return json.loads(built.read_text()) if built.is_file() else {}
