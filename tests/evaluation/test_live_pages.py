"""The version of a respondent's list moves with their open tasks, and with nothing else."""

from datetime import timedelta

from bina.messaging import clock
from watched import version_of

from .conftest import ClientOf
from .story import announced, completed, person, recorded

PAGE = "/evaluation/tugas"


async def test_the_list_moves_with_its_readers_tasks(evaluation, client_of: ClientOf):
    await evaluation.receives(announced("KEU-2026-02"), recorded("rahma"), recorded("bayu"))
    await evaluation.receives(completed("KEU-2026-02", "bayu"))
    await evaluation.does_due_work(clock.now())
    async with client_of(person("bayu")) as bayu, client_of(person("rahma")) as rahma:
        nothing = (await rahma.get(PAGE)).text
        assert "data-stream" in nothing
        before = await version_of(bayu, PAGE)
        await evaluation.receives(completed("KEU-2026-02", "rahma"))
        await evaluation.does_due_work(clock.now())
        assert await version_of(bayu, PAGE) == before
        assert f'data-version="{await version_of(rahma, PAGE)}"' not in nothing
        await evaluation.does_due_work(clock.now() + timedelta(days=60))  # the window is over
        assert f'data-version="{before}"' not in (await bayu.get(PAGE)).text
