"""Numbers as people read them: 1,000; 0.0831; 5.62·10⁻⁶; −3; 8.3 %.

Everything that is shown is written here, for HTML, Plotly and a terminal alike. Inputs, links and
files keep plain digits (1e-06), which can be typed and parsed.
"""

import math
from collections.abc import Sequence

THIN = "\u202f"
"""The narrow space before a unit, where no line breaks."""

_LARGE = 1e6
_SMALL = -4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """`value` to this many significant digits, but its whole part in full: 0.0831; 12,346; −3.

    Below 10⁻⁴ and from a million on it is `scientific`. Infinity is ∞, nan "not a number".
    """
    value = float(value)
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    exponent = _exponent(value, digits)
    if value and (exponent < _SMALL or abs(round(value)) >= _LARGE):
        return scientific(value, digits)
    return _trimmed(f"{value + 0.0:,.{max(digits - 1 - exponent, 0)}f}")


def scientific(value: float, digits: int = 3) -> str:
    """A finite `value` with a power of ten: 5.62·10⁻⁶; 10⁵."""
    exponent = _exponent(value, digits)
    mantissa = _trimmed(f"{value:.{digits - 1}e}".partition("e")[0])
    if mantissa == "0":
        return mantissa
    lead = {"1": "", "−1": "−"}.get(mantissa, f"{mantissa}·")
    return f"{lead}10{str(exponent).translate(_RAISED)}"


def percent(share: float, digits: int = 2) -> str:
    """A `share` of 1 in percent, to this many significant digits: 8.3 %; 250 %."""
    return f"{number(100 * share, digits)}{THIN}%"


def counted(n: int, word: str, words: str = "") -> str:
    """`n` things by their name, `words` if its plural is irregular: 1 row; 1,000 rows."""
    return f"{n:,} {word if n == 1 else words or word + 's'}"


def listed(names: Sequence[str]) -> str:
    """The names as a list in a sentence: A, B and C."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _exponent(value: float, digits: int) -> int:
    """The power of ten of the first digit, after rounding: 2 for 999.4, 3 for 999.6."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])


def _trimmed(text: str) -> str:
    """Without zeros at the end of the decimals, and with a true minus sign."""
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
