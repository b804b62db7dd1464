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
    """Those whom the demo world lets visitors be; the sign-in page names them first."""
    width = max(len(one["label"]) for one in people)
    shown = [f"  {one['label']:<{width}}  {one['shows']}" for one in people]
    return ["Tekan Masuk, lalu pilih salah seorang (tanpa kata sandi):", *shown, ""]


def _tries(*, demo: bool) -> list[str]:
    """A line of what, then the command: some are long."""
    tries = [("keadaan tiap layanan", "status"), ("instansi baru dan topiknya", 'agency add KOTA-X "Kota X"')]
    if demo:
        file = "tests/samples/pendaftaran_bersih.csv"
        tries.append(("pendaftaran dari sebuah instansi, lewat Kafka", f"publish {file} --agency 5508"))
    tries.append(("majukan waktu sebulan: pengingat terkirim, tugas menilai dibuka", "clock advance 30d"))
    shown = [f"  [dim]{what}[/]\n  .venv/bin/bina {command}" for what, command in tries]
    return ["Coba di terminal lain:", *shown]
