"""One folder per channel, one adapter per provider."""
