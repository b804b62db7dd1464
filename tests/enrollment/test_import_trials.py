"""Files of an agency to try against: answered by the same rules in a fixed world, and nothing comes of them."""

from typing import Any

import pytest
import pytest_asyncio

from bina.events import Event
from enrollment.register.bodies import AgencyRow
from enrollment.register.recording import record_agencies

from .clerk import PATH, Clerk
from .importing import FREE, SMALL, Importing
from .loaded_world import csv

TRIES = "coba"
NEW, SEATED, WAITS, PASSED, FOREIGN = (f"19800101200604190{n}" for n in range(1, 6))
KEPT = ("asn", "enrolments", "runs", "jp_entries", "certificates", "hand_edits", "placements", "approvals")


@pytest_asyncio.fixture
async def trying(importing: Importing) -> Importing:
    async with importing.site.svc.sessions() as session, session.begin():
        await record_agencies(session, [AgencyRow(code=TRIES, name="Coba Dahulu", sandbox=True)])
    await importing.site.svc.emitted()
    return importing


async def register(importing: Importing) -> list[Any]:
    """All that a file could change, row by row."""
    return [
        await importing.scalar(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t")
        for table in KEPT
    ]


async def sends(importing: Importing, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await importing.site.command(f"imports/{path}", body or {}, "platform", person=901, agency=None)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def planned(importing: Importing, file: bytes, kind: str, **more: Any) -> dict[str, Any]:
    answer = await importing.upload(file, kind, TRIES, roles=("platform",), **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def codes(importing: Importing, one: dict[str, Any]) -> dict[str, list[str]]:
    answer = await importing.gets(f"{one['id']}/rows?limit=1000", TRIES, "platform")
    return {
        str(row["nip"] or row["row"]): [p["code"] for p in row["problems"]] for row in answer.json()["items"]
    }


def asked(*rows: tuple[str, str]) -> bytes:
    return csv(("NIP", "Kode Angkatan"), *rows)


async def test_a_file_is_answered_as_the_same_messages_are_and_changes_nothing(trying: Importing):
    before = await register(trying)
    one = await planned(
        trying,
        asked((NEW, "COBA-BUKA"), (SEATED, "COBA-BUKA"), (NEW, "COBA-PENUH"), (FOREIGN, "COBA-BUKA"), (NEW, SMALL),
              (FREE[0], "COBA-BUKA"), (NEW, "COBA-BATAL")),
        "pendaftaran",
    )  # fmt: skip
    assert one["sandbox"] is True
    assert (one["added"], one["unchanged"], one["refused"], one["state"]) == (2, 1, 4, "checked")
    told = await trying.gets(f"{one['id']}/rows?effect=refused", TRIES, "platform")
    assert [row["problems"][0]["code"] for row in told.json()["items"]] == [
        "nip.other_agency", "run.unknown", "nip.unknown", "run.closed",
    ]  # fmt: skip
    done = await sends(trying, f"{one['id']}/apply", {"plan": one["plan"]})
    assert (done["state"], done["applied"], done["moved"], done["to_do"]) == ("applied", 2, 0, 0)
    assert await trying.scalar("SELECT count(*) FROM messaging.due WHERE key = :id", id=one["id"]) == 0
    back = await sends(trying, f"{one['id']}/undo")
    assert (back["state"], back["undone"]) == ("undone", 2)
    await trying.works()
    assert await register(trying) == before
    assert [event for event in await trying.site.svc.emitted() if isinstance(event, Event)] == []


@pytest.mark.parametrize(
    ("kind", "file", "counts"),
    [
        (
            "kelulusan",
            csv(("NIP", "Kode Angkatan", "Status", "Tanggal Selesai", "JP", "Nomor Sertifikat"),
                (NEW, "COBA-SELESAI", "Lulus", "2026-11-20", 20, "X-1"), (SEATED, "COBA-SELESAI", "Lulus", "2026-11-20", 20, "COBA/DICABUT"),
                (PASSED, "COBA-SELESAI", "Tidak Lulus", "2026-11-20", 0, "")),
            (2, 0, 1, 1, 1),
        ),
        (
            "pegawai",
            csv(("NIP", "Nama", "Kode Instansi"), (NEW, "Nama Baru", TRIES), ("198703032010011001", "Baru", TRIES), (FREE[0], "X", "5571")),
            (1, 1, 1, 2, 0),
        ),
        ("saldo-jp", csv(("NIP", "Tahun", "JP", "Sumber"), (NEW, 2025, 4, "S"), (FREE[0], 2025, 4, "S")), (1, 0, 1, 1, 0)),
    ],
)  # fmt: skip
async def test_every_kind_is_tried(trying: Importing, kind: str, file: bytes, counts: tuple[int, ...]):
    before = await register(trying)
    one = await planned(trying, file, kind)
    done = await sends(trying, f"{one['id']}/apply", {"plan": one["plan"]})
    found = (one["added"], one["changed"], one["refused"], done["applied"], done["moved"])
    assert found == counts
    await trying.works()
    assert await register(trying) == before


async def test_full_lists_are_tried_too(trying: Importing):
    one = await planned(trying, asked((NEW, "COBA-BUKA")), "pendaftaran", replace=True)
    assert (one["added"], one["removed"], one["employed"]) == (1, 1, 1)
    file = csv(("NIP", "Nama", "Kode Instansi"), (NEW, "Pegawai Uji Coba", TRIES))
    people = await planned(trying, file, "pegawai", replace=True)
    assert (people["unchanged"], people["removed"], people["employed"]) == (1, 3, 4)


async def test_no_release_works_one_off(trying: Importing):
    one = await planned(trying, asked((NEW, "COBA-BUKA")), "pendaftaran")
    with pytest.raises(Exception, match="imports_sandbox_idle"):
        await trying.execute(
            "UPDATE imports SET state = 'applying' WHERE import_id = CAST(:id AS uuid)", id=one["id"]
        )


async def test_its_pages_say_that_it_is_a_trial(trying: Importing):
    async with trying.site.client("platform", person=901, agency=None) as http:
        clerk = Clerk(http)
        answer = await clerk.uploads(asked((NEW, "COBA-BUKA")), "pendaftaran", agency=TRIES)
        where = str(answer.headers["location"])
        assert "Ini uji coba" in await clerk.sees(where)
        assert (await clerk.sends(where, where + "/terapkan")).status_code == 303
        shown = await clerk.sees(where)
        assert "Uji coba selesai" in shown
        assert "Tidak ada yang berubah" in shown
        assert "tercatat." not in shown.partition("Uji coba selesai")[2].partition("Diterapkan")[0].replace(
            "ada yang tercatat", ""
        )
        assert "Coba Dahulu" in await clerk.sees(PATH)


async def test_others_files_are_no_trial(trying: Importing):
    answer = await trying.upload(asked((FREE[0], SMALL)), "pendaftaran", "5571")
    assert answer.json()["sandbox"] is False
