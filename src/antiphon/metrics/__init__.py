"""What happened, live: counters by source x channel x variant x kind x minute.

`add` appends inside the transaction that makes the fact; a keeper folds the parts. `totals` and `series` read both,
so a number is right the moment its transaction is committed. Promised: funnels, attribution windows, predictions.
"""

from antiphon.metrics.counting import add, fold_parts
from antiphon.metrics.reading import Point, Total, series, totals

__all__ = ["Point", "Total", "add", "fold_parts", "series", "totals"]
