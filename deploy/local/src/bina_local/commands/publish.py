"""`bina publish`."""

from pathlib import Path
from typing import Annotated

import typer

from bina_local.commands.screen import JsonOption, StateOption, fail, opened


def publish(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX atau ODS; dengan --raw: baris JSON.", exists=True)],
    agency: Annotated[str | None, typer.Option("--agency", help="Kode instansi pengirim.")] = None,
    state: StateOption = None,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Tulis rekaman apa adanya, untuk uji.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Detik menunggu jawaban.")] = 120,
    as_json: JsonOption = False,
) -> None:
    """Terbitkan pendaftaran atau kelulusan dari berkas, lalu tampilkan jawaban tiap baris."""
    context = opened(state)
    if not raw and agency is None:
        fail("Sebutkan pengirim: --agency KODE, atau --raw untuk rekaman mentah.", code=2)
    from bina_local.publishing import publish_file, publish_raw

    if agency is None or raw:
        publish_raw(context, agency, file)
    else:
        publish_file(context, agency, file, timeout, as_json=as_json)
