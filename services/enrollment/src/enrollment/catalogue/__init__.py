"""Programmes and their runs (angkatan)."""
