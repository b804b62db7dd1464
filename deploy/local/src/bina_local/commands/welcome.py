"""What a newcomer reads once everything runs."""

import importlib

from bina_local.addresses import Addresses
from bina_local.state import State


def lines(addresses: Addresses, state: State) -> list[str]:
    """The address, who can sign in, what to try first."""
    return [
        f"[bold]{addresses.url}[/]",
        "",
        *_people(state),
        f"Surat yang terkirim    {addresses.url}/mailbox",
        f"Ruang operasi          {addresses.url}/ops",
        "",
        "Coba di terminal lain:",
        "  bina status                       keadaan tiap layanan",
        '  bina agency add KOTA-X "Kota X"   instansi baru dengan topiknya sendiri',
        "  bina clock advance 180d           majukan waktu demo enam bulan",
        "",
        "Ctrl-C menghentikan semuanya; data tetap ada.",
    ]


def _people(state: State) -> list[str]:
    """Those whom `bina_local.demo.sign_ins()` names as (name, what for), once the demo world is there."""
    named = getattr(importlib.import_module("bina_local.demo"), "sign_ins", None)
    if named is None or not state.load("demo"):
        return []
    width = max(len(name) for name, _ in named())
    return ["Masuk sebagai:", *(f"  {name:<{width}}  {purpose}" for name, purpose in named()), ""]
