"""One tree of errors. The docstring is the sentence that people read when no other is given.

A `Problem` becomes RFC 9457 problem details over HTTP and a sentence with exit code 1 on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from antiphon.kernel.said import worded


class Flaw(Struct, frozen=True):
    """What is wrong at one place of the input: `at` is a path such as `rule.all[0].within`."""

    at: str
    message: str


class Problem(Exception):
    """Something went wrong that we did not foresee."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, message: str = "", *, flaws: Sequence[Flaw] = (), **values: object) -> None:
        """`message` may be the form of a sentence, with `values` for it: kernel/said.py."""
        self.message = worded(message, **values) if values else message or (type(self).__doc__ or "").split("\n", 1)[0]
        self.flaws = tuple(flaws)
        super().__init__(self.message)

    def __str__(self) -> str:
        places = "; ".join(f"{flaw.at}: {flaw.message}" if flaw.at else flaw.message for flaw in self.flaws)
        return f"{self.message} {places}".strip()


class Invalid(Problem):
    """The input is not valid."""

    status = 400
    code = "invalid"


class NotFound(Problem):
    """There is no such thing here."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """The state of the thing does not allow this now."""

    status = 409
    code = "conflict"


class NameTaken(Conflict):
    """There is one of this name already."""

    code = "name_taken"


class NothingToPublish(Conflict):
    """There is no draft."""

    code = "no_draft"


class Unauthorised(Problem):
    """A valid key is needed."""

    status = 401
    code = "unauthorised"


class Forbidden(Problem):
    """This key may not do that."""

    status = 403
    code = "forbidden"


class TooLarge(Problem):
    """The request is larger than the limit."""

    status = 413
    code = "too_large"


class NoRoom(Problem):
    """The disk is too full for this."""

    status = 507
    code = "no_room"


class Busy(Problem):
    """The server has as much work as it can hold; try again shortly."""

    status = 503
    code = "busy"


class TooOften(Problem):
    """This was tried too often."""

    status = 429
    code = "too_often"

    def __init__(
        self, message: str = "", *, flaws: Sequence[Flaw] = (), retry_after_s: int = 1, **values: object
    ) -> None:
        super().__init__(message, flaws=flaws, **values)
        self.retry_after_s = retry_after_s


def invalid(at: str, message: str, **values: object) -> Invalid:
    """One flaw at one place."""
    return Invalid("The input is not valid.", flaws=[Flaw(at, worded(message, **values) if values else message)])
