import base64
import hashlib
import re
from pathlib import Path

import pytest
from starlette.requests import Request

import bina.web.pages
from bina.web import language
from bina.web.static import HOME, assets

PACKAGE = Path(bina.web.pages.__file__).parent
TEMPLATES = sorted((PACKAGE / "shell" / "templates").rglob("*.html"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types page worker"
)
PAGES = ["/toy/beranda", "/toy/isi/1", "/toy/dampak", "/toy/ops", "/toy/tidak-ada"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_policy_and_nothing_that_it_blocks(client_of, path):
    async with client_of("bkd", "platform") as client:
        page = await client.get(path)
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["x-content-type-options"] == "nosniff"
    assert blocked(page.text) == []


@pytest.mark.parametrize("path", [*PAGES, "/gallery"])
async def test_a_page_takes_no_other_script_nor_style_than_ours(client_of, path):
    """By digests: what stands between cannot put another file in their place."""
    ours = {asset.href: asset.body for asset in assets().values()}
    async with client_of("bkd", "platform") as client:
        page = (await client.get(path)).text
    tags = re.findall(r'<script[^>]*>|<link rel="stylesheet"[^>]*>', page)
    found = [re.search(r'(?:src|href)="([^"]+)" integrity="([^"]+)"', tag) for tag in tags]
    assert len(tags) >= 2
    for tag, part in zip(tags, found, strict=True):
        assert part, tag
        digest = base64.b64encode(hashlib.sha384(ours[part[1]]).digest()).decode()
        assert part[2] == f"sha384-{digest}"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_writes_what_the_policy_blocks(template):
    assert blocked(template.read_text()) == []


def blocked(html: str) -> list[str]:
    inline = re.findall(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", html)
    return inline + [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]


def test_the_check_for_blocked_things_can_fail():
    assert blocked('<p style="x"><script>1</script><a onclick="x">') == [" style=", " onclick=", "<script>"]


async def test_static_files_are_named_by_content_and_kept_for_good(client_of):
    css = assets()["shell.css"]
    async with client_of() as client:
        answer = await client.get(css.href)
        gone = await client.get("/static/shell.0000000000.css")
    assert answer.content == css.body
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert gone.status_code == 404


async def test_budgets_of_stylesheet_and_modules(client_of):
    async with client_of() as client:
        sizes = {}
        for name in ("shell.css", "shell.js"):
            async with client.stream(
                "GET", assets()[name].href, headers={"Accept-Encoding": "gzip"}
            ) as answer:
                sizes[name] = sum([len(chunk) async for chunk in answer.aiter_raw()])
    assert sizes["shell.css"] <= 14 * 1024
    assert sizes["shell.js"] <= 6 * 1024


async def test_the_reader_chooses_light_or_dark_and_comes_back(client_of):
    async with client_of() as client:
        back = await client.get("/toy/tampilan?tema=gelap&lanjut=/toy/beranda")
        page = await client.get("/toy/beranda")
        away = await client.get("/toy/tampilan?tema=terang&lanjut=//evil.test")
    assert back.headers["location"] == "/toy/beranda"
    assert '<html lang="id" data-theme="dark">' in page.text
    assert away.headers["location"] == "/"


async def test_a_service_without_english_catalogue_stays_whole_in_indonesian(client_of):
    async with client_of(bina_bahasa="en") as client:
        page = await client.get("/toy/beranda", headers={"Accept-Language": "en-US,en"})
    assert '<html lang="id"' in page.text
    assert "Langsung ke isi" in page.text


@pytest.mark.parametrize("asked", ["", "en-US,en;q=0.9", "en-US,en;q=0.9,id;q=0.8", "fr,en;q=0.5"])
@pytest.mark.parametrize(("cookie", "expected"), [("", "id"), ("en", "en"), ("id", "id"), ("fr", "id")])
def test_the_readers_choice_decides_and_the_browsers_language_never(asked, cookie, expected):
    headers = [(b"accept-language", asked.encode()), (b"cookie", f"{language.COOKIE}={cookie}".encode())]
    request = Request({"type": "http", "headers": headers})
    assert language.preferred(request, ["id", "en"]) == expected


def test_a_services_own_word_wins_over_the_shells(tmp_path, monkeypatch):
    monkeypatch.setattr(language, "_catalogues", {"en": {}})
    monkeypatch.setattr(language, "_offered", {})
    own = tmp_path / "locale" / "en" / "messages.po"
    own.parent.mkdir(parents=True)
    own.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Bagian"\nmsgstr "Share"\n'
    )
    language.load("toy", PACKAGE, tmp_path)
    language.load("toy", PACKAGE, None)
    language.use("en")
    try:
        assert language.gettext("Bagian") == "Share"
        assert language.gettext("Kembali") == "Back"
    finally:
        language.use("id")


async def test_navigation_follows_the_role(client_of):
    async with client_of("asn") as asn, client_of("head") as head, client_of() as nobody:
        pages = [(await client.get("/toy/beranda")).text for client in (asn, head, nobody)]
    shown = (
        ['href="/enrollment/jp"' in page for page in pages],
        ['href="/evaluation/dampak"' in p for p in pages],
    )
    assert shown == ([True, False, False], [False, True, False])
    assert 'href="/masuk"' in pages[2]


async def test_openapi_describes_the_api_and_no_page(client_of):
    async with client_of() as client:
        document = (await client.get("/toy/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/toy/api/v1/seats" in document["paths"]
    assert all(path.startswith("/toy/api/v1/") for path in document["paths"])


async def test_probes_tell_an_unstarted_service_from_a_ready_one(client_of):
    async with client_of() as client:
        codes = {path: (await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")}
    assert codes == {"/healthz": 200, "/readyz": 503, "/metrics": 200}


def test_modules_are_served_without_their_comments():
    sources = sorted(HOME.glob("*.js"))
    assert sources
    for source in sources:
        text, served = source.read_text("utf-8"), assets()[source.name].body.decode()
        assert [line for line in served.splitlines() if line.lstrip().startswith("//")] == [], source.name
        # what begins like a comment is one: neither within a text of several lines nor within a longer comment
        before = re.split(r"^\s*//.*$", text, flags=re.MULTILINE)[:-1]
        assert all("".join(before[: n + 1]).count("`") % 2 == 0 for n in range(len(before))), source.name
        assert "/*" not in text, source.name
