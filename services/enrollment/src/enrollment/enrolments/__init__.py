"""Requests, seats, waiting list, attendance, results."""
