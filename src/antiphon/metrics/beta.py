"""The Beta distribution, as far as an interval and a tail need it."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_TINY = 1e-300
_TERMS_MAX = 500
_HALVINGS = 50


def below(x: float, a: float, b: float) -> float:
    """The probability that a Beta(a, b) variable is at most `x`: the regularised incomplete beta function I_x(a, b).

    Source: NIST Digital Library of Mathematical Functions, 8.17.22 (the continued fraction, quick where x is below
    (a + 1) / (a + b + 2)) and 8.17.4 (the reflection for the rest).
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))
    if x < (a + 1) / (a + b + 2):
        return front / a / _fraction(x, a, b)
    return 1.0 - front / b / _fraction(1.0 - x, b, a)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + …)) of 8.17.22, forwards, by Lentz's method as Thompson and Barnett changed it (1986)."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, _TERMS_MAX):
        m, is_odd = divmod(n, 2)
        if is_odd:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / (1.0 + step * d or _TINY)
        c = 1.0 + step / c or _TINY
        value *= c * d
        if abs(c * d - 1.0) < 1e-12:
            break
    return value


def quantile(share: float, a: float, b: float) -> float:
    """The x below which a Beta(a, b) variable is with probability `share`, by halving, to 2⁻⁵⁰."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def tail(k: int, n: int, p: float) -> float:
    """The probability of at least `k` of `n` when each happens with probability `p` (DLMF 8.17.5)."""
    return 1.0 if k <= 0 else below(p, k, n - k + 1) if k <= n else 0.0
