"""What happened, live: counters by source x channel x variant x kind x minute, and how people respond.

`add` appends inside the transaction that makes the fact; a keeper folds the parts. `totals` and `series` read both,
so a number is right the moment its transaction is committed. `company` and `history` tell when it happened; what
comes in (people, events, answers) is counted by the takers `on_events`, `on_profile_changes`, `on_inbound`.

    await metrics.note_sent(tx, [(profile, "sms", Purpose.CAMPAIGN)])  # a provider took it
    await metrics.note_answered(tx, [(profile, "sms", Purpose.CAMPAIGN, at, local_hour)])  # a click, tap, reply

    counts = await metrics.predict(tx, people)
    everybody = await metrics.population(tx)
    likely = metrics.response(counts[person], everybody, "sms", Purpose.CAMPAIGN)          # pure, under a microsecond
    likely.mean, metrics.interval(likely).low

Promised: a prediction follows the commit that changes it. It is drawn towards what this installation's people do with
that kind of message on that channel, as strongly as they are alike, and that is learned from them without ever reading
everybody. Nine of ten people's own shares lie in their interval (tests/metrics/test_bars.py). `explore` tries another
channel now and then and says how likely it was to. Promised, not built: funnels, attribution windows.
"""

from antiphon.metrics.activity import hours
from antiphon.metrics.cells import DEFAULTS, KEYS, KINDS, cell_of, key_of, kind_of
from antiphon.metrics.counting import add, fold_parts
from antiphon.metrics.daytime import Hours, best_hour
from antiphon.metrics.exploring import EXPLORED_MAX, explore
from antiphon.metrics.exporting import EXPORTED
from antiphon.metrics.fitting import default_prior, fit
from antiphon.metrics.following import on_erased, on_merged
from antiphon.metrics.history import HANDED, Span, Step, about_how_many, begin_of, company, history, lately, spans
from antiphon.metrics.incoming import on_events, on_inbound, on_profile_changes
from antiphon.metrics.learning import fit_priors, fold_responses, population
from antiphon.metrics.predicting import Counts, Population, Predicted, Prior, interval, response
from antiphon.metrics.reading import Total, totals
from antiphon.metrics.responding import note_answered, note_sent, note_undelivered, predict

__all__ = [
    "DEFAULTS",
    "EXPLORED_MAX",
    "EXPORTED",
    "HANDED",
    "KEYS",
    "KINDS",
    "Counts",
    "Hours",
    "Population",
    "Predicted",
    "Prior",
    "Span",
    "Step",
    "Total",
    "about_how_many",
    "add",
    "begin_of",
    "best_hour",
    "cell_of",
    "company",
    "default_prior",
    "explore",
    "fit",
    "fit_priors",
    "fold_parts",
    "fold_responses",
    "history",
    "hours",
    "interval",
    "key_of",
    "kind_of",
    "lately",
    "note_answered",
    "note_sent",
    "note_undelivered",
    "on_erased",
    "on_events",
    "on_inbound",
    "on_merged",
    "on_profile_changes",
    "population",
    "predict",
    "response",
    "spans",
    "totals",
]
