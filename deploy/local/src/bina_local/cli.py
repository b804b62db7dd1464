"""The `bina` command."""

import logging

import typer

from bina_local.commands import (
    agency,
    audit,
    backup,
    clock,
    imports,
    logs,
    machine,
    parked,
    publish,
    replay,
    scale,
    status,
    up,
)

app = typer.Typer(
    help="Bina: pembinaan ASN. Satu perintah menjalankan seluruhnya di satu mesin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(up.up)
app.command()(up.down)
app.command()(status.status)
app.command()(scale.scale)
app.command()(scale.restart)
app.command()(logs.logs)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(replay.replay)
app.command()(publish.publish)
app.add_typer(agency.app, name="agency")
app.add_typer(audit.app, name="audit")
app.add_typer(machine.app, name="machine")
app.add_typer(imports.app, name="import")
app.add_typer(clock.app, name="clock")
app.add_typer(parked.app, name="parked")


def main() -> None:
    """Entry point of `bina`."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # commands say it in their own words
    app()
