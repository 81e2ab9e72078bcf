"""The browser app: what `web/build.py` built, and the way to it."""
