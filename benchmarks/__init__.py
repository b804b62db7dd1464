"""Figures beside their baselines, from the same run on the same machine. `make bench` runs them all."""
