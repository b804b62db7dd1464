"""What a newcomer reads once everything runs."""

from bina_local.addresses import Addresses
from bina_local.demo import PEOPLE
from bina_local.state import State


def lines(addresses: Addresses, state: State) -> list[str]:
    """The address, who can sign in, what to try first."""
    people = state.load(PEOPLE).get("people", [])
    return [
        f"[bold]{addresses.url}[/]",
        "",
        *(_sign_ins(people) if people else ()),
        *_tries(demo=bool(people)),
        "",
        f"Surat yang terkirim  {addresses.url}/mailbox",
        f"Ruang operasi        {addresses.url}/ops",
        "",
        "Ctrl-C menghentikan semuanya; data tetap ada.",
    ]


def _sign_ins(people: list[dict[str, str]]) -> list[str]:
    """Those whom the demo world lets visitors be."""
    width = max(len(one["label"]) for one in people)
    shown = [f"  {one['label']:<{width}}  {one['name']}: {one['shows']}" for one in people]
    return ["Tekan Masuk, lalu pilih salah seorang (tanpa kata sandi):", *shown, ""]


def _tries(*, demo: bool) -> list[str]:
    tries = [("status", "keadaan tiap layanan"), ('agency add KOTA-X "Kota X"', "instansi baru dan topiknya")]
    if demo:
        file = "tests/samples/pendaftaran_utf16_tab.txt"
        tries.append((f"publish {file} --agency 5508", "pendaftaran dari sebuah instansi, lewat Kafka"))
    tries.append(("clock advance 30d", "majukan waktu sebulan: tugas menilai dibuka, pengingat dikirim"))
    width = max(len(command) for command, _ in tries)
    shown = [f"  .venv/bin/bina {command:<{width}}  {what}" for command, what in tries]
    return ["Coba di terminal lain:", *shown]
