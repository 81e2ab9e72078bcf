"""What one person wrote to us, for whoever asks for their data."""

from __future__ import annotations

from antiphon import profiles
from antiphon.channels import store_erasing

EXPORTED = (
    profiles.Section("inbound", ("inbound",), lambda tx, person: store_erasing.inbound_of(tx, person.addresses)),
)
