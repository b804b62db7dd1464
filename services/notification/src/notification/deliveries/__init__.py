"""Channels that leave the house: e-mail, its tries, its record."""
