"""`bina import`: agencies' files, checked, applied and undone."""

import asyncio
import json
import uuid
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bina_local.commands.screen import JsonOption, StateOption, console, fail, opened, plain_errors

TRIAL = "Uji coba: dijawab terhadap dunia contoh, tidak ada yang berubah."
app = typer.Typer(help="Berkas instansi: periksa, terapkan, batalkan.", no_args_is_help=True)


class FileKind(StrEnum):
    """What a file reports."""

    PEGAWAI = "pegawai"
    PENDAFTARAN = "pendaftaran"
    KELULUSAN = "kelulusan"
    SALDO_JP = "saldo-jp"


KindOption = Annotated[FileKind | None, typer.Option("--kind", help="Jenis berkas.")]
AgencyOption = Annotated[str | None, typer.Option("--agency", help="Kode instansi pengunggah.")]
ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Berkas ini daftar lengkap: pegawai instansi yang tidak ada di dalamnya keluar, atau pendaftarannya di "
        "angkatan yang disebut berkas ditarik.",
    ),
]
RemovalsOption = Annotated[
    int | None,
    typer.Option("--removals", help="Jumlah yang keluar atau ditarik; wajib bila melebihi batas.", min=0),
]
FileArgument = Annotated[Path, typer.Argument(help="CSV, TSV, XLSX atau ODS.", exists=True, dir_okay=False)]


@app.command()
def check(
    file: FileArgument,
    kind: KindOption = None,
    agency: AgencyOption = None,
    state: StateOption = None,
    *,
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Unggah dan periksa; tidak ada yang diubah. Baris yang salah disebut dengan cara memperbaikinya."""
    found = _checked(state, file, kind, agency, replace=replace)
    if as_json:
        console.print_json(json.dumps(found))
        return
    table = Table("Baris", "Kolom", "Kode", "Cara memperbaiki")
    for problem in found["problems"]:
        table.add_row(str(problem["row"] or ""), problem["column"] or "", problem["code"], problem["advice"])
    if table.rows:
        console.print(table)
    console.print(
        f"{found['rows_total']} baris: {found['accepted']} diterima, {found['refused']} ditolak; "
        f"id {found.get('id', '-')}",
        soft_wrap=True,
    )
    if found.get("sandbox"):
        console.print(TRIAL)
    if found.get("unread"):
        console.print(
            f"Tidak seorang pun keluar atau ditarik: NIP pada {found['unread']} baris tidak dapat dipastikan."
        )
    elif "removed" in found:
        what, how = ("pendaftaran", "ditarik") if kind is FileKind.PENDAFTARAN else ("pegawai", "keluar")
        console.print(
            f"{found['removed']} dari {found['employed']} {what} tidak ada di berkas dan akan {how}."
        )


@app.command()
def apply(
    file_or_id: Annotated[str, typer.Argument(help="Berkas, atau id impor yang sudah diperiksa.")],
    kind: KindOption = None,
    agency: AgencyOption = None,
    removals: RemovalsOption = None,
    state: StateOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Terapkan rencana yang sudah diperiksa, tunggu sampai selesai."""
    from bina_local.importing import apply as applied

    import_id = _id(file_or_id) or _checked(state, Path(file_or_id), kind, agency).get("id")
    if import_id is None:
        fail("Berkas ini ditolak seluruhnya; periksa dengan: bina import check")
    _show(_run(applied(opened(state), import_id, removals)), as_json=as_json)


@app.command()
def undo(
    import_id: Annotated[uuid.UUID, typer.Argument(help="Id impor.")],
    state: StateOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Batalkan seluruh impor, selama belum ada yang bergantung padanya."""
    from bina_local.importing import undo as undone

    _show(_run(undone(opened(state), str(import_id))), as_json=as_json)


def _checked(
    state: Path | None, file: Path, kind: FileKind | None, agency: str | None, *, replace: bool = False
) -> dict[str, Any]:
    from bina_local.importing import check as checked

    if kind is None or agency is None:
        fail("Sebutkan jenis dan pengunggahnya: --kind JENIS --agency KODE.", code=2)
    if not file.is_file():
        fail(f"Berkas {file} tidak ada.", code=2)
    return _run(checked(opened(state), file, kind, agency, replace=replace))


def _run(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    from bina_local.operations import RefusedError

    with plain_errors(RefusedError):
        return asyncio.run(work)


def _id(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _show(one: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps(one))
        return
    words = {
        "applied": "diterapkan",
        "moved": "berubah sejak diperiksa",
        "undone": "dibatalkan",
        "kept": "tetap",
    }
    if one["sandbox"]:
        console.print(TRIAL)
    counts = ", ".join(f"{one[name]} {word}" for name, word in words.items() if one[name])
    console.print(f"{one['state']}: {counts or 'tidak ada baris'}; id {one['id']}", soft_wrap=True)
