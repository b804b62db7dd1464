"""Agencies' own systems that call the machine interface."""
