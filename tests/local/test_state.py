from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bina_local.state import Secrets


def test_secrets_made_at_once_are_all_kept(tmp_path: Path):
    """Broker and databases are prepared side by side."""
    names = [f"part.{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda name: Secrets(tmp_path / "secrets.json").get(name), names))
    assert [Secrets(tmp_path / "secrets.json").get(name) for name in names] == made


def test_a_renewed_secret_is_another_and_stays(tmp_path: Path):
    secrets = Secrets(tmp_path / "secrets.json")
    before = secrets.get("x")
    after = secrets.renew("x")
    assert before != after == secrets.get("x")
    assert "x" in secrets
    assert "y" not in secrets
