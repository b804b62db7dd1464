"""Competency dictionary and job standards."""
