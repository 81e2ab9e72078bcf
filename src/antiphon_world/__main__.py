"""`python -m antiphon_world`: play the outside; `people` and `history` write the sample company's customers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import uvloop

from antiphon_world.history import history
from antiphon_world.people import people
from antiphon_world.serve import Options, check_ports, serve

COMMANDS = {"people", "history"}


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments and arguments[0] in COMMANDS:
            return _write(arguments[0], _generator(arguments[0]).parse_args(arguments[1:]))
        return _play(_player().parse_args(arguments))
    except (ValueError, OSError) as error:
        print(f"antiphon_world: {error}", file=sys.stderr)
        return 1


def _player() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m antiphon_world", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="JSON lines are appended here")
    parser.add_argument("--faults", type=Path, help="faults and habits, JSON")
    parser.add_argument("--smtp", type=int, action="extend", nargs="+", default=None, metavar="PORT")
    parser.add_argument("--smpp", type=int, action="extend", nargs="+", default=None, metavar="PORT")
    parser.add_argument("--http", type=int, default=0, metavar="PORT", help="push service and control; 0 picks a port")
    parser.add_argument("--mx", type=_place, metavar="HOST:PORT", help="the platform's mail exchanger")
    parser.add_argument("--complaints-to", default="", metavar="ADDRESS", help="default: the envelope sender")
    parser.add_argument("--target", required=True, metavar="URL", help="the platform")
    parser.add_argument("--key", required=True, help="write key and API key of the platform")
    parser.add_argument("--people", type=int, default=5_000, metavar="COUNT")
    parser.add_argument("--user-id", default="c{n:06d}", metavar="FORM", help="a person's id in the shop")
    return parser


def _generator(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m antiphon_world {command}")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--start-id", type=int, default=1)
    parser.add_argument("--user-id", default="c{n:06d}", metavar="FORM")
    parser.add_argument("--until", type=_time, default=None, help="RFC 3339; default: the last midnight, UTC")
    if command == "people":
        parser.add_argument("--push-base", default="http://127.0.0.1:8025", metavar="URL")
    else:
        parser.add_argument("--days", type=int, default=60)
    return parser


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(text)
    return host, int(port)


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _play(given: argparse.Namespace) -> int:
    smtp, smpp = tuple(given.smtp or ()), tuple(given.smpp or ())
    check_ports(smtp, smpp)
    given.user_id.format(n=1)
    options = Options(
        given.seed,
        given.log,
        given.target,
        given.key,
        smtp,
        smpp,
        given.http,
        given.people,
        given.faults,
        given.user_id,
        given.mx,
        given.complaints_to,
    )
    uvloop.run(serve(options))
    return 0


def _write(command: str, given: argparse.Namespace) -> int:
    until = given.until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    numbers = range(given.start_id, given.start_id + given.count)
    if command == "people":
        return _lines(people(given.seed, numbers, until=until, push_base=given.push_base, user_form=given.user_id))
    since = until - timedelta(days=given.days)
    return _lines(history(given.seed, numbers, since=since, until=until, user_form=given.user_id))


def _lines(rows: Iterable[object]) -> int:
    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    try:
        for row in rows:
            out.write(encode(row) + b"\n")
        out.flush()
    except BrokenPipeError:
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
