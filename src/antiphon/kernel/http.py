"""Routes that name their permission, problem details (RFC 9457) for every error.

    @get("/segments/{name:str}", permission="segments.read")
    async def show(runtime: Runtime, name: str) -> Segment: ...

`runtime` is given by name. A route without a permission cannot be written; tests/law checks that none slipped by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import litestar
import structlog
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

from antiphon.kernel import db
from antiphon.kernel.errors import Busy, Flaw, Invalid, Problem, TooOften
from antiphon.kernel.permissions import Permission
from antiphon.kernel.principal import Principal
from antiphon.kernel.said import spoken

log = structlog.get_logger()

Answers = Mapping[int, str | ResponseSpec] | None
"""What an operation answers beside the usual: status, and what it means where it is a refusal in our form."""


class ProblemDetails(Struct, omit_defaults=True):
    """RFC 9457. `code` is stable, `title` a sentence, `errors` say where."""

    type: str
    title: str
    status: int
    code: str
    errors: list[Flaw] = []


PUBLIC = {401: "The proof is not valid", 403: "A page of another site asked"}
KEYLESS = {401: "Nobody is signed in, and there is no key that is known", 403: "The role or the key may not do this"}
REFUSALS = {
    400: "The request is not valid; `errors` say where",
    404: "There is no such thing",
    409: "It contradicts what there is",
    413: "The body is too large",
    429: "Too often",
    503: "Try again shortly",
}


def principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Who asks, in a handler whose permission is not `public`: the guard let them in."""
    who: Principal = connection.scope["auth"]
    return who


def author_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The same, as records name who made them: `staff:12`, `key:3`; empty where no guard stands before the handler."""
    who = connection.scope.get("auth")
    return who.by() if isinstance(who, Principal) else ""


def get(path: str, *, permission: Permission, also: Answers = None, **options: Any) -> Callable[[Any], Any]:
    return litestar.get(path, **_described(permission, also), **options)


def post(path: str, *, permission: Permission, also: Answers = None, **options: Any) -> Callable[[Any], Any]:
    return litestar.post(path, **_described(permission, also), **options)


def put(path: str, *, permission: Permission, also: Answers = None, **options: Any) -> Callable[[Any], Any]:
    return litestar.put(path, **_described(permission, also), **options)


def patch(path: str, *, permission: Permission, also: Answers = None, **options: Any) -> Callable[[Any], Any]:
    return litestar.patch(path, **_described(permission, also), **options)


def delete(path: str, *, permission: Permission, also: Answers = None, **options: Any) -> Callable[[Any], Any]:
    return litestar.delete(path, **_described(permission, also), **options)


def _described(permission: Permission, also: Answers) -> dict[str, Any]:
    """Every error that may be answered is in the API's description, in our form."""
    answers = {**(PUBLIC if permission == "public" else KEYLESS), **REFUSALS, **(also or {})}
    told = {status: _problem(means) if isinstance(means, str) else means for status, means in answers.items()}
    return {"opt": {"permission": permission}, "responses": told}


def _problem(means: str) -> ResponseSpec:
    return ResponseSpec(
        ProblemDetails, media_type="application/problem+json", description=means, generate_examples=False
    )


def details(problem: Problem) -> ProblemDetails:
    """In the language of whoever asks."""
    return ProblemDetails(
        type=f"urn:antiphon:problem:{problem.code}",
        title=spoken(problem.message),
        status=problem.status,
        code=problem.code,
        errors=[Flaw(flaw.at, spoken(flaw.message)) for flaw in problem.flaws],
    )


def answer(problem: Problem) -> Response[ProblemDetails]:
    retry_after_s = problem.retry_after_s if isinstance(problem, TooOften) else 1
    headers = {"Retry-After": str(retry_after_s)} if isinstance(problem, TooOften | Busy) else {}
    return Response(
        details(problem), status_code=problem.status, media_type="application/problem+json", headers=headers
    )


def on_problem(_request: Request[Any, Any, Any], error: Problem) -> Response[ProblemDetails]:
    return answer(error)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDetails]:
    """Litestar's own refusals, in our form: `$.rule.all[0]` becomes `rule.all[0]`."""
    if isinstance(error, ValidationException) or error.status_code == 400:
        return answer(Invalid("The request is not valid.", flaws=_flaws(error)))
    titles = {404: "There is no such page.", 405: "This method is not allowed here."}
    title = titles.get(error.status_code, error.detail)
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "http_error")
    body = ProblemDetails(f"urn:antiphon:problem:{code}", spoken(title), error.status_code, code)
    return Response(
        body, status_code=error.status_code, media_type="application/problem+json", headers=error.headers or {}
    )


def on_anything(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDetails]:
    """A restart of the database is a 503 that asks to try again; all else is ours and is logged."""
    if db.is_lost(error):
        log.info("http.database_lost", path=request.url.path, error=type(error).__name__)
        return answer(Busy("The database is restarting; try again shortly."))
    if isinstance(error, UnicodeDecodeError) and _is_of_the_body(error):
        return answer(Invalid("The request is not valid.", flaws=[Flaw("", "The body is not UTF-8.")]))
    if isinstance(error, RecursionError) and _is_of_the_body(error):
        return answer(Invalid("The request is not valid.", flaws=[Flaw("", "The body is nested too deeply.")]))
    if isinstance(error, OverflowError) and _is_of_the_body(error):
        return answer(Invalid("The request is not valid.", flaws=[Flaw("", "A number is too large.")]))
    if db.is_unstorable(error):
        sentence = "A value cannot be stored: a text with the character U+0000, a number or a time out of range."
        return answer(Invalid("The request is not valid.", flaws=[Flaw("", sentence)]))
    log.exception("http.failed", path=request.url.path, exc_info=error)
    return answer(Problem())


def _is_of_the_body(error: Exception) -> bool:
    """Litestar translates the errors of its decoder, except these."""
    raised = error.__traceback__
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    return raised is not None and raised.tb_frame.f_globals["__name__"].startswith("litestar.serialization")


def _flaws(error: HTTPException) -> list[Flaw]:
    extra = getattr(error, "extra", None)
    if isinstance(extra, list) and extra:
        return [Flaw(at=_place(item), message=str(item.get("message", ""))) for item in extra]
    return [flaw_of(error.detail)]


def _place(item: dict[str, Any]) -> str:
    key = str(item.get("key", ""))
    return "" if key == "data" and item.get("source") == "body" else key  # the whole body, by the handler's argument


def flaw_of(message: str) -> Flaw:
    """A msgspec message, such as "Expected `int`, got `str` - at `$.a[0]`", as a place and a sentence."""
    text, _, at = message.partition(" - at `")
    at = at.rstrip("`").rpartition("`")[2]  # a wrong key is "`key` in `$.a`"
    return Flaw(at=at.removeprefix("$").removeprefix("."), message=text)
