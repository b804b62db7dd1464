"""Tests before and after a training."""
