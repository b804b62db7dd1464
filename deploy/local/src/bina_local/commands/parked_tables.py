"""How `bina parked` shows messages, groups and orders."""

from datetime import datetime
from typing import Any

from rich.table import Table

WORDS = {"running": "berjalan", "done": "selesai", "cancelled": "dihentikan", "failed": "terhenti galat"}


def messages(found: list[dict[str, Any]]) -> Table:
    """Messages, one a row."""
    return _table(
        "Pesan yang tertahan",
        ["Layanan", "No", "Topik", "Kunci", "Jenis", "Kelompok", "Sebab"],
        [
            [m["service"], m["id"], m["topic"], m["key"], m["type"], m["cause"], cause(m["code"], m["error"])]
            for m in found
        ],
    )


def discarded(found: list[dict[str, Any]]) -> Table:
    """Messages given up, why, by whom and when."""
    return _table(
        "Pesan yang dibuang",
        ["Layanan", "No", "Kunci", "Alasan", "Oleh", "Dibuang"],
        [
            [
                m["service"],
                m["id"],
                m["key"],
                m["discard_reason"],
                m["discarded_by"],
                moment(m["discarded_at"]),
            ]
            for m in found
        ],
    )


def groups(found: list[dict[str, Any]]) -> Table:
    """Groups, one a row; the largest of a service first."""
    return _table(
        "Pesan yang diparkir, menurut sebab",
        [
            "Layanan",
            "Kelompok",
            "Pesan",
            "Mengantre",
            "Pertama",
            "Terakhir",
            "Contoh",
            "Versi",
            "Jenis",
            "Sebab",
        ],
        [
            [
                g["service"],
                g["cause"],
                g["count"],
                g["behind"],
                moment(g["first_seen"]),
                moment(g["last_seen"]),
                g["sample"],
                ", ".join(g["code_versions"]),
                g["type"],
                cause(g["code"], g["sentence"]),
            ]
            for g in found
        ],
    )


def jobs(found: list[dict[str, Any]]) -> Table:
    """Orders to try again, one a row."""
    return _table(
        "Pengulangan",
        ["Layanan", "No", "Keadaan", "Dicoba", "Berlaku", "Gagal lagi", "Pengikut", "Diminta", "Oleh"],
        [
            [
                j["service"],
                j["id"],
                WORDS[j["state"]],
                f"{j['tried']}/{j['total']}",
                j["applied"],
                j["failed"],
                j["others_applied"],
                moment(j["asked_at"]),
                j["asked_by"],
            ]
            for j in found
        ],
    )


def report(job: dict[str, Any]) -> list[str]:
    """What became of an order, in lines."""
    said = f"Pengulangan {job['id']} {WORDS[job['state']]}: {job['tried']} dari {job['total']} pesan dicoba, "
    said += f"{job['applied']} berlaku, {job['failed']} gagal lagi, {job['queued']} masih mengantre; "
    lines = [said + f"{job['others_applied']} pengikut berlaku."]
    if job["error"]:
        lines.append(f"Galat layanan: {job['error']}")
    for group, new in job["causes"].items():
        lines.append(f"  {new['count']} pesan, kelompok {group}: {cause(new['code'], new['sentence'])}")
    return lines


def cause(code: str, sentence: str) -> str:
    """A cause in one line."""
    return f"{code}: {sentence}" if sentence else code


def moment(text: str | None) -> str:
    """A time of an answer on this machine's clock."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H.%M}" if text else "–"


def _table(title: str, columns: list[str], rows: list[list[Any]]) -> Table:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*("–" if cell is None else str(cell) for cell in row))
    return table
