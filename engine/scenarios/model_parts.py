"""What all parts of a scenario file share: the frozen base model, bounded numbers, checked names, times in days."""

import difflib
import json
import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from engine import params
from engine.exposure.policies import PRESETS
from engine.geo.cells import cell_named

FINEST_CELL = 9
"""Homes and places are known to scenarios by cells of this H3 resolution."""
_MOST_SHARES = 1_001
_HUGE = 10**18
"""Whole numbers beyond it fit into no column."""
_AREA = re.compile(r"[\w.-]{1,40}")


def suggest(wrong: str, right: Iterable[str], most: int = 1) -> list[str]:
    """The names of ``right`` that look like ``wrong``, best first, at most ``most``."""
    names = {name.lower(): name for name in right}
    return [names[n] for n in difflib.get_close_matches(wrong.lower(), names, n=most, cutoff=0.6)]


def one_of(what: str, wrong: str, right: Iterable[str]) -> str:
    """The message that there is no ``what`` called ``wrong``, with the nearest and all names."""
    names = list(right)
    near = suggest(wrong, names)
    meant = f"; did you mean {near[0]}?" if near else ";"
    return f"there is no {what} {wrong!r}{meant} There are: {', '.join(names)}"


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {str(value).lower()}")
    if isinstance(value, int) and abs(value) > _HUGE:
        raise ValueError(f"must be at most {_HUGE:,}")
    return value


def _flag(value: object) -> object:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        raise ValueError(f"must be true or false (got {json.dumps(value, ensure_ascii=False)})")
    return value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _policy(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(one_of("policy", name, PRESETS))
    return name


def _kind(name: str) -> str:
    if name not in params.PLACE_KINDS:
        raise ValueError(one_of("kind of place", name, params.PLACE_KINDS))
    return name


def _area(code: str) -> str:
    if not _AREA.fullmatch(code):
        raise ValueError(
            f"{code!r} is not the code of an area; give codes, not names: '764', '26878' (truyvet areas list)"
        )
    return code


def _cell(text: str) -> str:
    cell = cell_named(text)
    if cell is None:
        raise ValueError(f"{text!r} is not an H3 cell: 15 hexadecimal digits such as '8965b5658d3ffff'")
    if (fine := cell >> 52 & 15) > FINEST_CELL:
        raise ValueError(f"{text!r} has resolution {fine}; give cells of resolution {FINEST_CELL} or coarser")
    return text


Real = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_number)]
Share = Annotated[Real, Field(ge=0, le=1)]
Days = Annotated[Real, Field(ge=0, le=1000)]
Positive = Annotated[Real, Field(gt=0)]
AtLeast0 = Annotated[Real, Field(ge=0)]
Count = Annotated[Whole, Field(ge=0)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Code = Annotated[str, BeforeValidator(_text)]
"""Text that may be written as a whole number."""
PolicyName = Annotated[str, AfterValidator(_policy)]
KindName = Annotated[str, AfterValidator(_kind)]
AreaCode = Annotated[Code, AfterValidator(_area)]
CellName = Annotated[str, AfterValidator(_cell)]
Channels = Annotated[tuple[Literal["bluetooth", "check_in", "location"], ...], Field(min_length=1)]
SettingPath = Annotated[str, Field(pattern=r"^[a-z_]+(\.[A-Za-z_0-9]+)*$")]
Name = Annotated[Code, Field(pattern=r"^[a-z0-9][a-z0-9_.=,+-]*$", max_length=80)]


class Part(BaseModel):
    """A part of a scenario: frozen, nothing unknown."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Text(Part):
    """A text in both languages."""

    vi: str
    """In Vietnamese."""
    en: str
    """In English."""


class Distribution(Part):
    """A time in days: exactly one of the families."""

    fixed: Days | None = None
    """Always so many days."""
    weibull: tuple[Positive, Positive] | None = None
    """Shape, scale."""
    gamma: tuple[Positive, Positive] | None = None
    """Mean, shape."""
    lognormal: tuple[Real, Positive] | None = None
    """Mean and standard deviation of the logarithm."""
    exponential: Positive | None = None
    """Mean."""
    uniform: tuple[Days, Days] | None = None
    """Lower end, upper end."""
    shares: tuple[Share, ...] | None = None
    """Shares of 0, 1, 2, ... days; they are scaled to add up to 1."""

    @model_validator(mode="after")
    def _one(self) -> "Distribution":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of {', '.join(type(self).model_fields)} (got {', '.join(given) or 'none'})"
            )
        if self.shares is not None and sum(self.shares) <= 0:
            raise ValueError("shares must not all be 0")
        if self.shares is not None and len(self.shares) > _MOST_SHARES:
            raise ValueError(f"shares are of 0 to {_MOST_SHARES - 1} days (got {len(self.shares)})")
        if self.uniform is not None and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the lower end comes first")
        return self


def fixed(days: float) -> Distribution:
    """A time that is always the same."""
    return Distribution(fixed=days)
