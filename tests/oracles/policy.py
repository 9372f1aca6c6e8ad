"""A policy-like record for the oracles, so that they need no preset of the engine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OraclePolicy:
    """Plain values; the defaults are those of Viet Nam in July 2021."""

    max_attenuation_db: float = 75.1
    max_distance_m: float = 2.0
    same_place: bool = True
    slack_s: int = 0
    min_minutes: float = 0.0
    accumulate: str = "window"
    latent_hours: float = 0.0
    days_before_onset: float = 3
    days_before_sample: float = 14
    max_days_after_onset: float | None = None
    max_days_after_sample: float | None = None


VN_2021_07 = OraclePolicy()
