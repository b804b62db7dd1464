"""Versioned forms that evaluators fill in."""
