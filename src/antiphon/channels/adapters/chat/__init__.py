"""Adapters of the chat channel. Not built yet: this room holds its promise only."""
