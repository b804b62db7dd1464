"""What a relay tells of facts that its database does not know."""

from bina.messaging.published import _unknown
from messaging.facts import NIP


def test_a_report_names_keys():
    assert "(keys 5571, 5572, …)" in _unknown("enrollment.agencies", 3, ["5571", "5572"]).detail


def test_but_no_persons():
    assert NIP not in _unknown("agency.outcomes.5571", 2, [NIP]).detail
