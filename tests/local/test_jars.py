import hashlib
from pathlib import Path

import pytest

from bina_local import jars, kafka
from bina_local.jars import Jar, JarRefusedError, JarUnavailableError

CONTENT = b"a jar"
JAR = Jar("org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest())


def repository(content: bytes):
    def fetch(jar: Jar, folder: Path) -> Path:
        path = folder / jar.filename
        path.write_bytes(content)
        return path

    return fetch


def test_a_jar_as_locked_is_brought_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jars, "fetch", repository(CONTENT))
    seen: list[tuple[int, int]] = []
    assert jars.ensure_jars([JAR], tmp_path, lambda *at: seen.append(at)) == [tmp_path / "thing-1.0.jar"]
    monkeypatch.setattr(jars, "fetch", repository(b"another"))  # a second download would be refused
    jars.ensure_jars([JAR], tmp_path, lambda *at: seen.append(at))
    assert seen == [(0, 1), (1, 1), (1, 1)]
    assert [path.name for path in tmp_path.iterdir()] == ["thing-1.0.jar"]


def test_a_tampered_jar_in_the_cache_is_refused(tmp_path: Path):
    (tmp_path / JAR.filename).write_bytes(CONTENT + b"!")
    with pytest.raises(JarRefusedError, match=r"org\.example:thing:1\.0.*ditolak"):
        jars.ensure_jars([JAR], tmp_path)


def test_a_tampered_download_never_reaches_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jars, "fetch", repository(b"evil"))
    with pytest.raises(JarRefusedError, match=JAR.sha256):
        jars.ensure_jars([JAR], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_network(jar: Jar, folder: Path) -> Path:
        raise ConnectionError("no route")

    monkeypatch.setattr(jars, "fetch", no_network)
    with pytest.raises(JarUnavailableError, match="Periksa sambungan jaringan"):
        jars.ensure_jars([JAR], tmp_path)


def test_the_lock_names_every_jar_once_and_no_address():
    text = kafka.LOCK.read_text()
    locked = jars.read_lock(kafka.LOCK)
    assert "://" not in text
    assert len({(jar.group, jar.artifact) for jar in locked}) == len(locked) > 40
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in locked)
