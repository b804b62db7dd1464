"""The shell every page and API stands in.

Composition (`app.py` of a service)::

    pages = Pages("evaluation", Path(__file__).parent)      # in its own module, so that every capability imports it
    app = create_app(Runtime(service, settings), title="Evaluasi", api_routers=[tasks.api], page_routers=[tasks.pages])
    run(lambda: app, settings)                              # bina.web.serve

API routers are mounted under `/<service>/api/v1`; page routers write full paths. Templates live in
`<capability>/templates/` and are named `"<capability>/<file>.html"`.

A page::

    @router.get("/evaluation/temuan")
    async def findings(request: Request, person: Annotated[Person, may("finding.list")]) -> Response:
        async with request.app.state.runtime.sessions() as session:
            rows = await store.load_findings(session, reach_of(person, "finding.list"))
        return pages.render(request, "improvement/findings.html", rows=rows)

Every route names an action of `access_table.toml`, which says who may do it and to whose records, or `create_app`
refuses to start: `person: Annotated[Person, may("finding.list")]`. What needs no sign-in stands in the table too:
`visitor: Visitor` (None without session), or `task_id: LinkedTask` (personal link in the path parameter `token`, made
by `issue_task_link`). `reach_of(person, action)` fills a query's filter; `bina.web.masking` says who sees a NIP in full.

A form, its template part and its command (guarded, counts once, says a sentence on the next page)::

    <form method="post" action="/evaluation/temuan/{{ id }}/tugaskan">{{ form_guard() }} … </form>

    @router.post("/evaluation/temuan/{finding_id}/tugaskan")
    async def assign(
        finding_id: UUID, person: Annotated[Person, may("finding.assign")], command: PageCommand
    ) -> Response:
        owner = command.text("owner")                       # command.form holds all fields and files
        if not owner:
            return pages.render(request, "…", status_code=422, errors={"owner": "Pilih penanggung jawab."})
        async def effect(session: AsyncSession) -> str:     # one transaction; return where to go next
            await emit(session, await store.assign(session, finding_id, owner))
            return "/evaluation/temuan"
        return await command.redirect(effect, done="Tindakan ditugaskan.")

A command of the API takes `command: ApiCommand` (header `Idempotency-Key`) and ends with
`return await command.answer(effect, status=201)`, where `effect(session)` returns the JSON body. Commands that many give
at the same moment may be decided together: `bina.web.turns`.

A form takes no file unless its route says so: `dependencies=[takes_files(1, largest=5 << 20)]` of `bina.web.forms`. How
often somebody may ask is `bina.web.rates`; what every operation may refuse with is documented by `bina.web.openapi`.

Every command is audited by itself; its effect says what changed: `audit.changed(session, "finding", id, before, after)`.
A route that shows other people's records takes `reads: OthersRecords` and says whose: `await reads.of(ids)` (`bina.web.audit`).

Texts in a body are `PlainText`, `Code` or `Line` of `bina.web.text` (no NUL characters), each with its longest length.

Refuse with `raise Problem("run-is-full", 409, "Kursi penuh.", "…", mend="Masuk daftar tunggu.")` or `raise not_found()`:
JSON for `/…/api/…`, a page elsewhere.

A template::

    {% extends "shell.html" %}
    {% import "components.html" as ui %}
    {% block title %}Temuan{% endblock %}
    {% block body_class %}wide{% endblock %}                {# office pages; leave out for a calm measure #}
    {% block main %}
    {% call ui.heading("Tindakan mana terlambat?", lead="3 dari 14 lewat tenggat.") %}
      {{ ui.button("Tugaskan", "primary", href="…") }}      {# exactly one primary a page #}
    {% endcall %}
    <ul class="rows">{{ ui.link_row("…", "/…", meta="…", aside="…", tag_text="Baru", tag_kind="info") }}</ul>
    {{ chart }}                                             {# a bina.web.charts.Figure #}
    {% call(row) ui.table("Judul", ["Unit", {"label": "JP", "number": true}], rows) %}
      <th scope="row">{{ row.name }}</th><td class="num">{{ row.jp|jp }}</td>
    {% endcall %}
    {% endblock %}

A page that is to say by itself what changed passes `stream=await watch(request, session, {SEATS: [run_id]})` and names
its parts, `id="…" data-live` (`live=` of rows and tables): `bina.web.live`.

Components: heading button link_row field select choice_row segments checkbox stepper table tag meter tabs error_summary banner
inbox_item timeline empty figure facts fragment news paging. A table of more than three columns becomes cards on a phone;
facts leave out what has no description; a text in another language than the page's says so (`speaks="id"`). Layout classes: `section` `stack` `panel` `split` (5:3) `halves`
`thirds` `narrow` `measures` `filters` `actions` `rows` `no-print`. Filters: number percent rupiah jp day short_day
weekday month moment clock_time duration; `{{ when|moment(zone) }}` prints WIB, WITA or WIT. A form with
`data-draft="name"` and `<p class="draft-state" data-draft-state role="status"></p>` keeps answers on the device until a
page with `<p data-draft-done="name">` shows the receipt. Pages that load another module than `shell.js` say so in the block
`module`: forms that go on without network load `survey.js` (`evaluation.responses`).

No `style=` and no inline script anywhere: the content security policy blocks them. Texts are Indonesian, wrapped as
`_("…")` (`from bina.web.language import gettext as _` in code), those about a number of things as
`counted("%(n)s kursi", n) % {…}` (`counted(…)|format(n=…)` in templates); `python -m bina.web.catalogue <package folder>` writes
the English catalogue to translate; a service shows English only once it has one, and then `tests/architecture` asks
for every text in it. Pages are Indonesian until the reader chooses English at their foot, whatever the browser asks.

Screenshots and browser tests: `locale="id-ID"`, `reduced_motion="reduce"` (pages cross-fade otherwise).
"""
