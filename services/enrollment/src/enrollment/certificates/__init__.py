"""Certificates: numbers per agency, a PDF/A with a QR code, and a page where anyone sees whether one is valid."""
