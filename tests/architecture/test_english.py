"""The English catalogues: a package is offered in English as a whole or not at all."""

import re
from pathlib import Path

import pytest

from bina.web.catalogue import path_of, untranslated, update
from bina_local.state import project_root

PACKAGES = [
    project_root() / "shared/web/src/bina/web",
    *(project_root() / f"services/{name}/src/{name}" for name in ("enrollment", "assessment", "evaluation", "notification")),
]  # fmt: skip
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
