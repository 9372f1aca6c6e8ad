"""Numbers as people read them: 1.234,5 in Vietnamese, 1,234.5 in English."""

import math

from engine.texts import Lang

NBSP = "\u00a0"
_NOTHING = "–"


def number(value: float | None, lang: Lang, digits: int = 0) -> str:
    """A number with separators of the language; a true minus sign; a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return _NOTHING
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    if lang == "vi":
        text = text.translate({ord(","): ".", ord("."): ","})
    return text.replace("-", "−")


def plain(value: float, lang: Lang) -> str:
    """A setting: as many digits as it has (at most ten that say something), no more."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return number(value, lang)
    text = f"{value:.10g}"
    if "e" in text:
        return text.replace(".", "," if lang == "vi" else ".").replace("-", "−")
    return number(value, lang, len(text.partition(".")[2]))


def percent(share: float | None, lang: Lang, digits: int = 1, unit: bool = True) -> str:
    """A share as per cent: ``48,3 %``."""
    if share is None or not math.isfinite(share):
        return _NOTHING
    return number(100 * share, lang, digits) + (f"{NBSP}%" if unit else "")


def whole_percent(share: float | None, lang: Lang) -> str:
    """A share as whole per cent; 100 % and 0 % only where it is all, and none."""
    if share is None or not math.isfinite(share) or share in (0, 1):
        return percent(share, lang, 0)
    sign, shown = (">", 0.99) if share > 0.99 else ("<", 0.01) if share < 0.01 else ("", share)
    return f"{sign}{NBSP if sign else ''}{percent(shown, lang, 0)}"


def interval(low: str, high: str, lang: Lang) -> str:
    """``[41.9–53.6]``; with a word between when an end is below 0."""
    if low == _NOTHING or high == _NOTHING:
        return ""
    between = "–" if "−" not in low + high else f"{NBSP}{'đến' if lang == 'vi' else 'to'}{NBSP}"
    return f"[{low}{between}{high}]"


def digits_for(largest: float) -> int:
    """Digits behind the point for numbers of this size: none from 20 on, one from 2 on, else two."""
    size = abs(largest)
    return 0 if size >= 20 or size == 0 else 1 if size >= 2 else 2


def ranged(median: float, low: float, high: float, lang: Lang, share: bool = False) -> tuple[str, str]:
    """Median and interval, as two texts, with one number of digits; shares as per cent."""
    if share:
        return percent(median, lang), interval(percent(low, lang, unit=False), percent(high, lang, unit=False), lang)
    digits = digits_for(max(abs(x) if math.isfinite(x) else 0 for x in (median, low, high)))
    if all(float(x).is_integer() for x in (median, low, high) if math.isfinite(x)):
        digits = 0
    return number(median, lang, digits), interval(number(low, lang, digits), number(high, lang, digits), lang)
