"""An operator's way through API and forms."""

import re
from uuid import uuid4

from httpx import AsyncClient

API = "/toy/api/v1/ops"
OPS = "/toy/ops"


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def fields_of(client: AsyncClient, path: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that acts on `action` under `path`."""
    page = (await client.get(path)).text
    form = page[page.index(f'action="{path}/{action}"') :]
    return dict(
        re.findall(r'name="(form_token|command_key|newest)" value="([^"]+)"', form[: form.index("</form>")])
    )
