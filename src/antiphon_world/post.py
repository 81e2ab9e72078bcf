"""What comes back of a mail: by mail to the platform's exchanger, or by an event of the provider that took it."""

from __future__ import annotations

from antiphon_world.courier import Courier, Refused
from antiphon_world.habits import is_dead
from antiphon_world.letter import Letter
from antiphon_world.mailapi import MailApi
from antiphon_world.returned import Original, Post, away, bounce, complaint, reply
from antiphon_world.world import World

LOGGED_AS = {"bounce": "bounce_sent", "complain": "complaint_sent", "away": "away_sent", "reply": "mail_sent"}


class PostOffice:
    """`courier` None: the platform has no mail exchanger, and nothing comes back by mail.

    `complaints_to`: where complaints go; empty: to the sender in the envelope.
    """

    def __init__(self, world: World, apis: dict[str, MailApi], courier: Courier | None, complaints_to: str) -> None:
        self._world, self._apis = world, apis
        self._courier, self._complaints_to = courier, complaints_to

    async def __call__(self, letter: Letter, do: str, text: str) -> bool:
        """True once it was taken, or where it can never be."""
        api = self._apis.get(letter.provider)
        why = self._why(letter)
        if api is not None and do in ("bounce", "complain"):
            api.tell_later(letter, do, why)
            return True
        if self._courier is None or letter.original is None or (api is not None and do == "away"):
            return True  # what answers the envelope of a provider's mail goes to the provider
        return await self._bring(self._write(letter, letter.original, do, text, why), letter, do, text)

    def _why(self, letter: Letter) -> str:
        habits = self._world.habits
        sure = habits.person(letter.address).email
        return (
            sure
            if sure in ("dead", "full")
            else "dead"
            if is_dead(habits, self._world.seed, letter.address)
            else "full"
        )

    def _write(self, letter: Letter, original: Original, do: str, text: str, why: str) -> Post:
        seed, address, at = self._world.seed, letter.address, self._world.clock.now()
        if do == "bounce":
            return bounce(seed, original, address, why, at=at)
        if do == "complain":
            return complaint(seed, original, address, self._complaints_to or original.envelope_from, at=at)
        if do == "away":
            return away(seed, original, address, at=at)
        return reply(seed, original, address, text, at=at)

    async def _bring(self, post: Post, letter: Letter, do: str, text: str) -> bool:
        assert self._courier is not None
        try:
            await self._courier.bring(post)
            code = 250
        except Refused as refused:
            if refused.code < 500:
                return False
            code = refused.code
        except (OSError, TimeoutError):
            return False
        more = {"text": text[:160]} if do == "reply" else {}
        self._world.log(
            LOGGED_AS[do], letter.provider, letter.address, channel="email", nth=letter.nth,
            delivery=letter.delivery, to=post.to, code=code, **more,
        )  # fmt: skip
        return True
