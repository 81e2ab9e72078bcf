"""SendGrid's own verifier and ours agree on what is signed."""

from __future__ import annotations

import json

import msgspec
import pytest

from antiphon.channels import registry
from antiphon.channels.adapter import Forged
from channels.mail_providers import SendGrid, around
from peers.conftest import PEERS, asked

pytestmark = pytest.mark.skipif(
    not list(PEERS.parent.glob("lib/python*/site-packages/sendgrid")),
    reason="SendGrid's SDK is not there; make test-peers gets it",
)


@pytest.mark.parametrize("is_signed", [True, False])
async def test_sendgrids_own_verifier_says_the_same(is_signed: bool) -> None:
    provider = SendGrid()
    event = provider.delivered(5) | {"reason": "Grüße ✓"}
    call = provider.call(event) if is_signed else provider.forged(event)
    prefix = "x-twilio-email-event-webhook"
    theirs = await asked(
        "sendgrid",
        public_key=provider.public,
        payload=call.body.decode(),
        signature=call.headers[f"{prefix}-signature"],
        timestamp=call.headers[f"{prefix}-timestamp"],
    )
    checked = msgspec.json.encode(registry.check("sendgrid", provider.settings("https://api.example")))
    adapter = registry.make("sendgrid", checked, around())
    try:
        ours = bool((await adapter.callback(call)).items)
    except Forged:
        ours = False
    assert theirs is ours is is_signed
    assert json.loads(call.body)
