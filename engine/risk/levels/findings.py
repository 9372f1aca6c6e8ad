"""What came out of the rules: the level of a unit with everything that was looked at, told in both languages."""

import math
from dataclasses import dataclass

from engine.risk.levels.rules import Text
from engine.risk.levels.spans import Span
from engine.texts import Lang, say


@dataclass(frozen=True)
class Finding:
    """One condition that was looked at."""

    id: str
    met: bool | None
    """None: it could not be decided."""
    level: int | None
    """The level it makes when met; of a matrix the class or level it stands for; None: none by itself."""
    value: Span | None
    threshold: float | None
    form: str
    """How value and threshold are written: number, rate, share, flag, class, level."""
    text: Text
    verified: bool
    """Whether every number it rests on was read in a source."""
    missing: tuple[str, ...] = ()
    """Why it could not be decided: keys of texts (``fact.*``, ``levels.no_*``)."""

    def say(self, lang: Lang) -> str:
        """The condition with its threshold, in words."""
        unset = say("levels.unset", lang)
        shown = unset if self.threshold is None else written(self.threshold, self.form, lang)
        return self.text.of(lang).format(threshold=shown)

    def say_value(self, lang: Lang) -> str:
        """The value, or the range it lies in; a dash when nothing is known."""
        return "-" if self.value is None else span_text(self.value, self.form, lang)

    def say_missing(self, lang: Lang) -> str:
        """What is missing to decide it, in words."""
        return "; ".join(say(key, lang) for key in self.missing)


@dataclass(frozen=True)
class AreaLevel:
    """The level of a unit under one reading of the rules."""

    code: str
    at_least: int
    """The worst level that the conditions met make for sure."""
    at_most: int
    """The worst level it could be if everything undecided held."""
    findings: tuple[Finding, ...]
    known: bool
    """Whether anything was known of the unit, or of a unit below it."""

    @property
    def level(self) -> int | None:
        """The level, when it can be decided."""
        return self.at_least if self.known and self.at_least == self.at_most else None

    @property
    def met(self) -> tuple[Finding, ...]:
        """Conditions met."""
        return tuple(f for f in self.findings if f.met is True)

    @property
    def not_met(self) -> tuple[Finding, ...]:
        """Conditions not met."""
        return tuple(f for f in self.findings if f.met is False)

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """Conditions that could not be decided."""
        return tuple(f for f in self.findings if f.met is None)

    @property
    def because(self) -> tuple[Finding, ...]:
        """The conditions that make the level ``at_least``."""
        return tuple(f for f in self.met if f.level == self.at_least and self.at_least > 1)

    @property
    def open(self) -> tuple[Finding, ...]:
        """Undecided conditions that could change the level."""
        matter = (f for f in self.undecided if "levels.no_previous" not in f.missing)
        return tuple(f for f in matter if self._by_matrix or f.level is None or f.level > self.at_least)

    @property
    def unverified(self) -> tuple[str, ...]:
        """Ids of decided conditions that the level rests on and whose numbers nobody has read in a source.

        A level that a verified condition makes as well rests on that one; a value of 0 reaches no threshold, whatever
        it is.
        """
        if self._by_matrix:
            return tuple(f.id for f in self.findings if f.met is not None and not f.verified)
        makers = () if any(f.verified for f in self.because) else self.because
        held = (f for f in self.not_met if f.level is not None and f.level > self.at_least and not f.verified)
        return tuple(f.id for f in (*makers, *held) if f.value is None or f.value.high > 0)

    @property
    def _by_matrix(self) -> bool:
        return any(f.form == "level" for f in self.findings)


def written(value: float, form: str, lang: Lang) -> str:
    """A number as people read it in ``lang``."""
    if math.isinf(value):
        return "∞"
    if form == "share":
        return _local(f"{100 * value:.3g}", lang) + " %"
    if form == "rate" and value != int(value):
        return _local(f"{value:,.1f}", lang)
    return _local(f"{value:,.0f}" if value == int(value) else f"{value:,.2f}", lang)


def span_text(value: Span, form: str, lang: Lang) -> str:
    """A value, "at least" a value, or a range."""
    if value.known:
        return written(value.low, form, lang)
    if math.isinf(value.high):
        return "-" if value.low == 0 else f"≥ {written(value.low, form, lang)}"
    return f"{written(value.low, form, lang)}-{written(value.high, form, lang)}"


def _local(text: str, lang: Lang) -> str:
    """Commas and points the Vietnamese way: 1.234,5."""
    return text.translate(str.maketrans(",.", ".,")) if lang == "vi" else text
