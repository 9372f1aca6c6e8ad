"""What is known of units, by name; and what somebody asks to be assumed of what is not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.errors import BadParameterError
from engine.risk.levels.spans import INF, UNKNOWN, Span, exact

COUNTS = (
    "f0",
    "f0_unknown_source",
    "f0_known_source",
    "f0_crowded",
    "f1",
    "quarantined",
    "new_cases",
    "hospitalised",
    "oxygen",
    "deaths",
)
"""Numbers of people: ``f0*`` in the window of the rules, ``new_cases`` to ``deaths`` in a week."""
SHARES = ("positivity", "coverage_18_1dose", "elderly_full", "coverage_full", "high_risk_full")
"""Shares, 0 to 1."""
CAPACITY = ("capacity_met", "response_capacity", "commune_care", "district_beds", "icu_beds")
JUDGEMENTS = ("spread_share", "illegal_entry", "industrial_zone")
"""What somebody must assess: no table of counts holds it."""
FACTS = (*COUNTS, *SHARES, *CAPACITY, *JUDGEMENTS)
_WORDS = {"no": 0.0, "yes": 1.0, "none": 0.0, "met": 1.0}
_SHARES_MET = 1.0


@dataclass(frozen=True)
class Assumptions:
    """What is taken for true where nothing is known. ``source``: ``known``, ``unknown`` or None."""

    source: str | None = None
    values: Mapping[str, Span] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    """As they were given, to be told."""


NOTHING = Assumptions()


def assumptions(words: Iterable[str]) -> Assumptions:
    """``source=known``, ``crowded=no``, ``judgement=no`` or ``FACT=NUMBER|yes|no|met`` as assumptions.

    ``judgement=no``: none of the facts that somebody must assess holds. A share that is ``met`` is 1.

    Raises:
        BadParameterError: not such a word.
    """
    source: str | None = None
    values: dict[str, Span] = {}
    given = tuple(w.strip() for w in words)
    for word in given:
        name, mark, text = word.partition("=")
        if name == "source" and text in ("known", "unknown"):
            source = text
        elif name == "judgement" and text == "no":
            values |= dict.fromkeys(JUDGEMENTS, exact(0))
        else:
            fact = {"crowded": "f0_crowded"}.get(name, name)
            if not mark or fact not in FACTS:
                raise BadParameterError(
                    f"cannot assume {word!r}; write source=known, source=unknown, judgement=no, or NAME=VALUE with "
                    f"one of {', '.join(FACTS)}"
                )
            values[fact] = exact(_value(word, fact, text))
    return Assumptions(source, values, given)


def _value(word: str, fact: str, text: str) -> float:
    try:
        value = _WORDS[text] if text in _WORDS else float(text)
    except ValueError:
        raise BadParameterError(f"cannot assume {word!r}: write a number, yes, no or met") from None
    if not 0 <= value < INF or (fact in SHARES and value > _SHARES_MET):
        raise BadParameterError(f"cannot assume {word!r}: {'a share is 0 to 1' if fact in SHARES else 'not negative'}")
    return value


@dataclass(frozen=True)
class Facts:
    """Facts by unit and name. What is not there is not known, and stays so unless it is assumed."""

    units: Mapping[str, Mapping[str, Span]] = field(default_factory=dict)
    previous: Mapping[str, int] = field(default_factory=dict)
    """Level of each unit at the last assessment, where there was one."""
    assumed: Assumptions = NOTHING

    def get(self, code: str, name: str) -> Span:
        """A fact of a unit."""
        mine = self.units.get(code, {})
        given = mine.get(name, UNKNOWN)
        if given.known:
            return given
        if name in ("f0_unknown_source", "f0_known_source", "f0_crowded"):
            given = given.capped(mine.get("f0", UNKNOWN).high)
            wanted = {"known": "f0_known_source", "unknown": "f0_unknown_source"}.get(self.assumed.source or "")
            if wanted is not None and name != "f0_crowded" and name not in mine:
                return mine.get("f0", UNKNOWN) if name == wanted else exact(0)
        if given.known:
            return given
        return self.assumed.values.get(name, given) if name not in mine else given

    def anything(self, code: str) -> bool:
        """Whether a number is known of the unit itself, be it only as a least one."""
        return any(span.known or span.low > 0 for span in self.units.get(code, {}).values())
