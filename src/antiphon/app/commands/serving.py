"""serve and demo: what runs until it is stopped."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from antiphon.app.commands.context import current

Port = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65535))]
Some = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=64))]
People = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1_000_000))]
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def _is_network(_type: object, value: str) -> None:
    """`ip_network` says what is wrong, also of an address whose network part is too short for it."""
    ip_network(value)


Networks = Annotated[
    tuple[Annotated[str, Parameter(validator=_is_network)], ...],
    Parameter(consume_multiple=True, negative=(), show_default=False),
]


def serve(
    *,
    host: str = "127.0.0.1",
    port: Port = 8080,
    role: Literal["all", "web", "worker"] = "all",
    sandbox: Flag = False,
    base_url: str | None = None,
    workers: Some = 1,
    world: str = "",
    trusted_proxy: Networks = (),
) -> int:
    """Start everything and keep it up, until Ctrl-C or SIGTERM.

    A second `serve` on one data folder is refused; with --database, any number may run.

    Parameters
    ----------
    host
        Where to listen. With `0.0.0.0`, the link by which the first owner comes in from elsewhere is printed.
    port
        Where to listen.
    role
        `web` answers requests, `worker` sends and calculates, `all` does both.
    sandbox
        Product time may be moved, and private addresses may be called. Never for real customers.
    base_url
        How customers reach this server: it stands in the links of messages. Default: host and port.
    workers
        Worker processes.
    world
        The address of a running `antiphon_world`, which takes the sandbox's faults.
    trusted_proxy
        Addresses or networks, such as `10.0.0.7` or `10.1.0.0/28`, of the proxies whose `X-Forwarded-For` is believed.
        Default: `FORWARDED_ALLOW_IPS`, else this machine alone.
    """
    from antiphon.app import serve as serving

    return serving.serve(
        current.get().place,
        host=host,
        port=port,
        role=role,
        sandbox=sandbox,
        base_url=base_url,
        workers=workers,
        world_url=world.rstrip("/"),
        trusted_proxies=trusted_proxy,
    )


def demo(*, host: str = "127.0.0.1", port: Port = 8080, people: People = 3000, seed: int = 7) -> int:
    """Serve a sandbox with the sample company and the world around it.

    Parameters
    ----------
    host
        Where to listen.
    port
        Where to listen.
    people
        Customers of the sample company.
    seed
        The same seed makes the same company.
    """
    from antiphon.app import demo as showing

    return showing.demo(current.get().place, host=host, port=port, people=people, seed=seed)
