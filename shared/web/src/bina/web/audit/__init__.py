"""The audit: who changed or read what, on whose behalf, before and after, why, from where.

Every command writes one entry in its own transaction, whatever its effect does (`bina.web.commands`). An effect adds
what it changed::

    audit.changed(session, "run", run.run_id, run, changed)                        # fields that differ are kept
    audit.changed(session, "enrolment", id, before, after, person=asn_id, why=reason)
    audit.because(session, reason)                                                 # why, in the asker's words
    audit.on_behalf(session, [asn_id])

Where an event is applied these do nothing: the event is its own record. A route that shows other people's records takes
`reads: OthersRecords` and says whose, before it answers: `await reads.of(ids, {"agency": code})`. What names a person
lies in `audit.personal` and goes with them (`erase`). A sealer chains blocks of entries; `verifying` checks the chain.
"""

from bina.web.audit.erasing import erase
from bina.web.audit.erasing import handlers as erasures
from bina.web.audit.reading import OthersRecords, Reading, note_sessions
from bina.web.audit.sealing import sealer_of
from bina.web.audit.trail import because, changed, on_behalf, open_in

__all__ = [
    "OthersRecords",
    "Reading",
    "because",
    "changed",
    "erase",
    "erasures",
    "note_sessions",
    "on_behalf",
    "open_in",
    "sealer_of",
]
