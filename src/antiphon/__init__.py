"""Antiphon: every customer once, on the right channel, live."""

__version__ = "0.1.0"
