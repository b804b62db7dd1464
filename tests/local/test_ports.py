from pathlib import Path

import pytest

from bina_local.ports import any_free, is_free

LENT = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not LENT.exists(), reason="only Linux says which ports it lends to outgoing connections")
def test_a_free_port_is_none_that_the_system_lends():
    first = int(LENT.read_text().split()[0])
    chosen = [any_free() for _ in range(100)]
    assert max(chosen) < first
    assert all(map(is_free, chosen))
