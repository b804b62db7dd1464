"""Agencies, units, ASN, contacts, roles: who belongs where, and for whom an agency may report."""
