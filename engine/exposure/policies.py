"""Contact policies: what counts as a contact, for how long, and in which window. Dated presets with sources.

A policy is data. Changing it rebuilds nothing: the graph keeps evidence, a policy selects from it.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from engine import params
from engine.errors import UnknownPolicyError
from engine.graph.eligibility import CHANNELS, Eligibility

Accumulation = Literal["window", "24h", "single"]


def attenuation_at(distance_m: float) -> float:
    """Median attenuation (dB) at a distance (m): ln a = 0.12705 ln d + 4.23093 (NHS COVID-19 app, published)."""
    return math.exp(params.ATTENUATION_AT_1M.value + params.ATTENUATION_SLOPE.value * math.log(distance_m))


@dataclass(frozen=True)
class Policy:
    """A named, dated definition of a close contact and of the window in which contacts count."""

    name: str
    since: str
    """First day it was in force, ISO date."""
    title_en: str
    title_vi: str
    source: str
    max_distance_m: float
    max_attenuation_db: float
    """Sightings weaker than this are not eligible."""
    days_before_onset: float
    days_before_sample: float
    """For an F0 without symptoms."""
    same_place: bool = True
    slack_s: int = 0
    """A shared place counts this long before and after the infectious person's stay too."""
    min_minutes: float = 0.0
    accumulate: Accumulation = "window"
    """Over what ``min_minutes`` adds up: the whole window, any 24 hours, or one unbroken contact."""
    max_days_after_onset: float | None = None
    max_days_after_sample: float | None = None
    latent_hours: float = 0.0
    note: str = ""

    def eligibility(self, channels: frozenset[str] | None = None) -> Eligibility:
        """What the graph may count, optionally narrowed to some channels."""
        return Eligibility(
            max_attenuation_db=self.max_attenuation_db,
            max_distance_m=self.max_distance_m,
            same_place=self.same_place,
            slack_s=self.slack_s,
            channels=CHANNELS if channels is None else channels,
        )


_VN_2021_07 = Policy(
    name="vn-2021-07",
    since="2021-07-30",
    title_en="Viet Nam, Decision 3638, July 2021: 2 m, regardless of how long",
    title_vi="Việt Nam, Quyết định 3638, tháng 7/2021: trong 2 m, không kể thời gian",
    source="3638/QĐ-BYT of 30/7/2021; distance and no minimum time as 3468/QĐ-BYT (NIHE); window 5053/QĐ-BYT",
    max_distance_m=2.0,
    max_attenuation_db=attenuation_at(2.0),
    days_before_onset=3,
    days_before_sample=14,
    note="F1 detail and the asymptomatic window are from memory; an asymptomatic F0's source is taken as unknown",
)
_VN_2021_12 = replace(
    _VN_2021_07,
    name="vn-2021-12",
    since="2021-12-29",
    title_en="Viet Nam, letter 11042, December 2021: 2 m; two days before onset or sample",
    title_vi="Việt Nam, công văn 11042, tháng 12/2021: trong 2 m; hai ngày trước khởi phát hoặc lấy mẫu",
    source="11042/BYT-DP of 29/12/2021; kept by 762/BYT-DP of 21/2/2022",
    days_before_onset=2,
    days_before_sample=2,
    note="15 minutes apply to masked contacts only; masks are not observed, so no minimum is applied",
)
_PLACES_COUNT = (
    "the source speaks of distance only; overlapping check-ins at one place are counted as evidence of it, as in every "
    "preset, and can be left out by channel"
)
PRESETS: dict[str, Policy] = {
    p.name: p
    for p in (
        replace(
            _VN_2021_07,
            name="vn-2020-08",
            since="2020-08-07",
            title_en="Viet Nam, Decision 3468, August 2020: 2 m, regardless of how long",
            title_vi="Việt Nam, Quyết định 3468, tháng 8/2020: trong 2 m, không kể thời gian",
            source="3468/QĐ-BYT of 7/8/2020; handbook 5053/QĐ-BYT of 3/12/2020",
            note="the window of an F0 without symptoms is from memory",
        ),
        _VN_2021_07,
        _VN_2021_12,
        replace(
            _VN_2021_12,
            name="vn-2022-04",
            since="2022-04-15",
            title_en="Viet Nam, letter 1909, April 2022: 1 m",
            title_vi="Việt Nam, công văn 1909, tháng 4/2022: trong 1 m",
            source="1909/BYT-DP of 15/4/2022",
            max_distance_m=1.0,
            max_attenuation_db=attenuation_at(1.0),
        ),
        Policy(
            name="who",
            since="2020-03-20",
            title_en="WHO: 1 m for 15 minutes",
            title_vi="WHO: trong 1 m từ 15 phút",
            source="WHO surveillance guidance (2022 edition): 1 m face to face, at least 15 minutes",
            max_distance_m=1.0,
            max_attenuation_db=attenuation_at(1.0),
            days_before_onset=2,
            days_before_sample=2,
            min_minutes=15,
            max_days_after_onset=13,
            max_days_after_sample=10,
            note=_PLACES_COUNT,
        ),
        Policy(
            name="cdc",
            since="2020-10-21",
            title_en="CDC: 6 feet for 15 minutes in 24 hours",
            title_vi="CDC: trong 1,83 m, cộng dồn 15 phút trong 24 giờ",
            source="CDC of 21/10/2020: 6 ft (1.83 m), 15 minutes cumulative in 24 h, from 2 days before onset",
            max_distance_m=1.83,
            max_attenuation_db=attenuation_at(1.83),
            days_before_onset=2,
            days_before_sample=2,
            min_minutes=15,
            accumulate="24h",
            note=_PLACES_COUNT,
        ),
        Policy(
            name="ecdc",
            since="2020-11-18",
            title_en="ECDC high risk: 2 m or the same closed space for 15 minutes in 24 hours",
            title_vi="ECDC nguy cơ cao: trong 2 m hoặc cùng không gian kín, 15 phút trong 24 giờ",
            source="ECDC contact tracing guidance, third update: 48 h before to 10 days after onset",
            max_distance_m=2.0,
            max_attenuation_db=attenuation_at(2.0),
            days_before_onset=2,
            days_before_sample=2,
            min_minutes=15,
            accumulate="24h",
            max_days_after_onset=10,
            max_days_after_sample=10,
        ),
        replace(
            _VN_2021_07,
            name="pc-covid",
            since="2022-01-17",
            title_en="PC-Covid alerts: one place within 60 minutes of each other",
            title_vi="Cảnh báo PC-Covid: cùng địa điểm trong vòng 60 phút trước hoặc sau",
            source="PC-Covid alert rule as reported in January and February 2022",
            slack_s=3600,
        ),
    )
}


def policy_named(name: str) -> Policy:
    """The preset called ``name``.

    Raises:
        UnknownPolicyError: no such preset; the message lists those there are.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPolicyError(f"no policy {name!r}; there are: {', '.join(PRESETS)}") from None
