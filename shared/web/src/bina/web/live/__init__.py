"""Pages that say by themselves what has changed: one stream of server-sent events per page, or polling where there is none.

A feature declares what its pages are about, in SQL that makes a version out of what they show::

    SEATS = Subject("seats", "SELECT run_id::text AS key, … AS version FROM … WHERE run_id = ANY (…:keys…)")
    create_app(…, subjects=[SEATS])

A page says which ones it shows, before it reads them, and marks the parts that may change by `id="…" data-live`::

    stream = await watch(request, session, {SEATS: [run.run_id]})
    return pages.render(request, "…", stream=stream, …)

`static/shell.js` fetches the page anew when the stream says so: a part that is still there changes in place, whatever
comes or goes waits behind "3 pembaruan · Tampilkan".
"""

from bina.web.live.hub import Hub
from bina.web.live.route import router
from bina.web.live.subjects import Stream, Subject, at_one_moment, watch

__all__ = ["Hub", "Stream", "Subject", "at_one_moment", "router", "watch"]
