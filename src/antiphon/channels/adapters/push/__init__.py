"""Push to browsers (RFC 8030): `webpush.py` is the adapter, `encryption.py` RFC 8291 and RFC 8292."""
