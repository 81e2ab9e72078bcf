"""Whether another account may take over what was decided for one: not where it is dearer and money is limited. Pure."""

from __future__ import annotations

from antiphon.channels import Provider
from antiphon.kernel.records import ProviderId
from antiphon.orchestration.records import Source


def may_take_over(source: Source, *, this: Provider | None, other: Provider | None) -> bool:
    """Else it is decided anew: what it costs there may be beyond a budget, or more than one message may cost."""
    if other is None or source.terms.once:
        return False
    return this is None or not minds_money(source) or not _is_dearer(other, this)


def heir(source: Source, this: Provider | None, other: Provider | None) -> ProviderId | None:
    return other.id if other is not None and may_take_over(source, this=this, other=other) else None


def minds_money(source: Source) -> bool:
    return source.terms.budget is not None or source.terms.cost_max is not None


def _is_dearer(other: Provider, this: Provider) -> bool:
    """Anywhere: where the number is would have to be looked up for each of them."""
    regions = {None, *other.costs, *this.costs}
    return any(other.cost(region) > this.cost(region) for region in regions)
