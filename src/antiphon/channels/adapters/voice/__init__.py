"""Adapters of the voice channel. Not built yet: this room holds its promise only."""
