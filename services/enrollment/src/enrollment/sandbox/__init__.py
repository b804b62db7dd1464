"""Agencies to try against: decided by the same rules in a fixed little world, answered in the same form, kept nowhere."""

from enrollment.sandbox.deciding import try_report, try_request, try_withdrawal

__all__ = ["try_report", "try_request", "try_withdrawal"]
