import json

import pytest
from sqlalchemy import text

from evaluation.instruments import store
from evaluation.instruments.shipped import load_instruments, read_bodies

OLD = {**read_bodies()[0], "version": 99, "minutes": 77}


async def test_a_version_stays_readable_after_the_next_one_was_shipped(evaluation):
    async with evaluation.sessions() as session, session.begin():
        await store.publish_shipped(session)
        await store.publish_shipped(session)
        await session.execute(
            text("INSERT INTO instrument_versions VALUES (:code, 99, CAST(:body AS jsonb))"),
            {"code": OLD["code"], "body": json.dumps(OLD)},
        )
        found = await store.find_instrument(session, OLD["code"], 99)
        assert (found.version, found.minutes) == (99, 77)
        assert await store.find_instrument(session, OLD["code"], 1) is load_instruments()[OLD["code"]]
        with pytest.raises(LookupError, match="never shipped"):
            await store.find_instrument(session, OLD["code"], 100)


async def test_a_form_edited_without_a_new_version_is_refused(evaluation):
    async with evaluation.sessions() as session, session.begin():
        await store.publish_shipped(session)
        await session.execute(text("UPDATE instrument_versions SET body = body || '{\"minutes\": 1}'"))
        with pytest.raises(store.InstrumentChangedError, match="L1-REACTION 1"):
            await store.publish_shipped(session)
