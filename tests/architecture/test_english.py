"""The English catalogues: a package is offered in English as a whole or not at all."""

import re
from pathlib import Path

import pytest

from bina.web.access import Person
from bina.web.catalogue import path_of, untranslated, update
from bina.web.navigation import links_for
from bina_local.state import project_root

PACKAGES = [
    project_root() / "shared/web/src/bina/web",
    *(project_root() / f"services/{name}/src/{name}" for name in ("enrollment", "assessment", "evaluation", "notification")),
]  # fmt: skip
ROLES = ("asn", "supervisor", "evaluator", "operator", "head", "bkd", "platform")
NEVER_ONE = {
    "Tidak ada yang masuk dalam %(days)s hari terakhir.",  # always thirty
    "Bagian yang ditolak dalam %(n)s hari, instansi dengan sedikitnya lima data",
    "dalam %(n)s hari",
    "%(n)s hari lagi",  # one day has a word of its own
    "%(n)s hari lalu",
    "%(before)s jawaban sebelum, %(after)s sesudah; bukan orang yang persis sama",  # shown from five on
    "Nilai dari %(pre)s menjadi %(post)s pada %(n)s orang.",
    "Semua %(n)s tugas menilai",  # shown from four on
    "Bagian PNS yang mencapai 20 JP, %(shown)s terendah dari %(all)s unit dengan sedikitnya %(n)s PNS",  # more than ten
    "%(n)s pasangan pertama; yang lain muncul setelah ini diputuskan.",  # twenty of them
    "Jawaban terlalu panjang, paling banyak %(n)s karakter.",  # the limit of every form
}
every_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)


@every_package
def test_every_text_has_an_english_one(package: Path):
    assert path_of(package).is_file()
    assert untranslated(update(package)) == []


@every_package
def test_translations_keep_every_placeholder(package: Path):
    for message in update(package):
        places = [re.findall(r"%\(\w+\)s", str(text)) for text in (message.id, message.string)]
        assert not message.id or sorted(places[0]) == sorted(places[1]), message.id


def test_what_is_counted_has_a_word_for_one():
    texts = [message for package in PACKAGES for message in update(package) if message.id]
    nouns = {noun for text in texts if text.pluralizable for noun in only_in_many(*text.string)}
    assert {"seats", "runs", "people", "questions", "notices", "days"} <= nouns
    counting = re.compile(rf"(?<!at least )%\(\w+\)s (?:[\w-]+ )?(?:{'|'.join(sorted(nouns))})\b")
    single = {text.id for text in texts if not text.pluralizable and counting.search(str(text.string))}
    assert single - NEVER_ONE == set()


def only_in_many(one: str, many: str) -> set[str]:
    """Nouns that the form of many has and that of one has not."""
    words = [set(re.findall(r"(?<![(%])\b[a-z]{3,}\b", text)) for text in (one, many)]
    return {word for word in words[1] - words[0] if word.endswith("s") or word == "people"}


@pytest.mark.parametrize("package", PACKAGES[1:], ids=lambda path: path.name)
def test_a_service_names_the_places_as_the_shell_does(package: Path):
    person = Person(None, "Siapa saja", frozenset({*ROLES}), "5571", None)
    places = {link.label for link in links_for(person, "/beranda")}
    shell, own = ({m.id: m.string for m in update(one) if m.id in places} for one in (PACKAGES[0], package))
    assert shell.keys() == places
    assert own.items() <= shell.items()
