"""Build font and icons from the locked `assets` packages: `python -m bina.web.assets`.

Writes `shell/static/dist/` (git-ignored): a subset of Plus Jakarta Sans (OFL) as WOFF2 for pages, two of its weights
with all their letters as TrueType for documents, the Lucide icons (ISC) that the shell draws inline, both licences, and `manifest.json` with sizes and digests. Without them pages use the system's font
and plain text. The four packages are needed for the build only.
"""

import base64
import hashlib
import json
import re
import sys
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, parse_unicodes, save_font
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from lucide import lucide_icon

from bina.web.static import DIST, FONT, ICONS, PRINT_FONTS

LATIN = "U+0020-007E,U+00A0,U+00A7,U+00AB,U+00B0,U+00B1,U+00B7,U+00BB,U+00D7,U+00E0-00FC,U+2010-2015,U+2018-201D,U+2022,U+2026,U+2190-2193,U+2212,U+2264,U+2265"
NAMES = (
    *(
        "arrow-down",
        "arrow-left",
        "arrow-right",
        "arrow-up",
        "award",
        "badge-check",
        "bell",
        "book-open",
        "building-complex",
    ),
    *("calendar", "calendar-clock", "chart-column", "check", "chevron-down", "chevron-right", "circle-alert"),
    *(
        "circle-check",
        "circle-question-mark",
        "clipboard-check",
        "clock",
        "download",
        "external-link",
        "file-text",
        "funnel",
    ),
    *(
        "graduation-cap",
        "rotate-ccw-clock",
        "inbox",
        "info",
        "link",
        "list-checks",
        "log-in",
        "log-out",
        "mail",
        "map-pin",
    ),
    *(
        "menu",
        "message-square",
        "pencil",
        "phone",
        "plus",
        "printer",
        "refresh-cw",
        "route",
        "scale",
        "search",
        "send",
    ),
    *("settings", "star", "target", "trash", "trending-up", "triangle-alert", "upload", "user", "users", "x"),
)


def main() -> None:
    """Build everything anew and say what it weighs."""
    DIST.mkdir(parents=True, exist_ok=True)
    _build_font(DIST / FONT)
    for weight, name in PRINT_FONTS.items():
        _build_print_font(weight, DIST / name)
    (DIST / ICONS).write_text(json.dumps(_icons(), separators=(",", ":")))
    (DIST / "LICENSES.txt").write_text(_licences())
    manifest = {path.name: _entry(path) for path in sorted(DIST.iterdir()) if path.name != "manifest.json"}
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    sys.stdout.write("".join(f"{name}: {entry['bytes']} bytes\n" for name, entry in manifest.items()))


def _build_font(target: Path) -> None:
    options = Options(
        flavor="woff2", layout_features=["kern", "liga", "tnum", "mark", "mkmk", "ccmp", "locl"]
    )
    font = load_font(_source(), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(LATIN.replace("U+", "")))
    subsetter.subset(font)
    save_font(font, str(target), options)


def _build_print_font(weight: int, target: Path) -> None:
    """One weight without layout tables, which whoever embeds it would read for nothing."""
    options = Options(
        layout_features=[], hinting=False, notdef_outline=True, drop_tables=["GPOS", "GSUB", "GDEF", "STAT"]
    )
    font = instantiateVariableFont(TTFont(_source(), recalcTimestamp=False), {"wght": weight})
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap())
    subsetter.subset(font)
    save_font(font, str(target), options)


def _source() -> str:
    return str(files("fontpkg_plus_jakarta_sans") / "files" / "PlusJakartaSans[wght].ttf")


def _icons() -> dict[str, str]:
    drawn = {name: str(lucide_icon(name)) for name in NAMES}
    inner = {
        name: re.sub(r"\s+", " ", re.sub(r"</?svg[^>]*>", "", svg)).strip() for name, svg in drawn.items()
    }
    if broken := [name for name, body in inner.items() if not body.startswith("<") or "<text" in body]:
        raise SystemExit(f"icons not in the package: {', '.join(broken)}")
    return inner


def _licences() -> str:
    texts = []
    for name in ("fontpkg-plus-jakarta-sans", "python-lucide"):
        files = [f for f in distribution(name).files or [] if "LICENSE" in f.name.upper()]
        texts += [f"{name}\n\n{Path(str(f.locate())).read_text()}" for f in files]
    return "\n\n".join(dict.fromkeys(texts))


def _entry(path: Path) -> dict[str, int | str]:
    body = path.read_bytes()
    digest = base64.b64encode(hashlib.sha384(body).digest()).decode()
    return {"bytes": len(body), "integrity": f"sha384-{digest}"}


if __name__ == "__main__":
    main()
