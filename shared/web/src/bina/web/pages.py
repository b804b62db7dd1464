"""Pages: a service's templates inside the shell.

`pages = Pages("evaluation", Path(__file__).parent)` once per service, then
`pages.render(request, "tasks/inbox.html", tasks=tasks)`: the first part of the name is the capability, whose folder
`templates/` holds the file. `{% extends "shell.html" %}` and `{% import "components.html" as ui %}` come from here.
"""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from bina.web import formats, language, static
from bina.web.access import settings_of, visitor
from bina.web.forms import hidden_fields, keep_guest, reader_of
from bina.web.masking import masked_in
from bina.web.navigation import links_for, operations
from bina.web.notice import forget_notice, waiting_notice
from bina.web.permissions import can

HERE = Path(__file__).parent
THEME_COOKIE = "bina_tema"
FILTERS = {
    "number": formats.number,
    "percent": formats.percent,
    "rupiah": formats.rupiah,
    "jp": formats.jp,
    "day": formats.day,
    "weekday": formats.weekday,
    "short_day": formats.short_day,
    "month": formats.month,
    "moment": formats.moment,
    "clock_time": formats.clock_time,
    "duration": formats.duration,
    "masked": masked_in,
}
_environments: dict[Path | None, Environment] = {}


class Pages:
    """Renders the templates of one service; building it registers the service's catalogues."""

    def __init__(self, service: str, package_dir: Path | None = None) -> None:
        self.service = service
        language.load(service, HERE, package_dir)
        self.environment = _environment(package_dir)

    def render(self, request: Request, name: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
        """Answer with a template; every page gets person, nav, theme and guarded forms without asking."""
        template = self.environment.get_template(name)
        page = HTMLResponse(template.render(self._frame(request) | context), status_code)
        page.headers["Cache-Control"] = "private, no-store"
        page.headers["Vary"] = "Cookie"
        page.headers["X-Reader"] = reader_of(request)
        keep_guest(request, page)
        forget_notice(request, page)
        return page

    def _frame(self, request: Request) -> dict[str, Any]:
        person = visitor(request)
        path = request.url.path
        return {
            "request": request,
            "service": self.service,
            "person": person,
            "path": path,
            "here": path + (f"?{request.url.query}" if request.url.query else ""),
            "can": lambda action: can(person, action),
            "nav": links_for(person, path),
            "ops_tabs": operations(path),
            "lang": language.current(),
            "languages": language.names(self.service),
            "theme": request.cookies.get(THEME_COOKIE, ""),
            "zone": ZoneInfo(settings_of(request).timezone),
            "demo": settings_of(request).demo,
            "notice": waiting_notice(request),
            "stream": None,
            "form_guard": lambda: hidden_fields(request),
        }


def compile_templates() -> None:
    """Compile every template of the services that are loaded. Else whoever is first to ask for a page waits for it, and
    everybody else in that process with them; what is forked later has them all."""
    _environment(None)
    for environment in _environments.values():
        for name in environment.list_templates():
            environment.get_template(name)


def shell_pages(request: Request) -> Pages:
    """The shell's own pages (problems, operations) inside the service that answers."""
    pages: Pages = request.app.state.shell_pages
    return pages


def _loader(package_dir: Path | None) -> BaseLoader:
    shell = FileSystemLoader(HERE / "shell" / "templates")
    if package_dir is None:
        return shell
    rooms = {path.parent.name: FileSystemLoader(path) for path in sorted(package_dir.glob("*/templates"))}
    return ChoiceLoader([PrefixLoader(rooms), shell])


def _environment(package_dir: Path | None) -> Environment:
    """One for each package: templates are compiled once in a process."""
    if package_dir not in _environments:
        _environments[package_dir] = _built(_loader(package_dir))
    return _environments[package_dir]


def _built(loader: BaseLoader) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # else every page asks for the age of each of its files
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.filters.update(FILTERS)
    environment.globals.update(
        counted=language.counted,
        icon=static.icon,
        stylesheet=static.stylesheet,
        module=static.module,
        mark=static.assets()["mark.svg"].href,
    )
    return environment
