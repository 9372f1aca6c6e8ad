"""What an ensemble of outbreaks comes to, in plain loops over plain numbers: one function a definition."""

from collections.abc import Mapping, Sequence

Days = Mapping[str, Sequence[int]]
"""A replicate: numbers by day, by name."""


def attack_rate(replicate: Days, people: int) -> float:
    """Everybody infected by the end, those of the start among them."""
    return sum(replicate["infections"]) / people


def onsets_until_week(replicate: Days, late: Sequence[int], people: int, week: int) -> float:
    """People whose onset falls on a day with floor(day / 7) <= week; the days go on after the run."""
    return sum(n for day, n in enumerate([*replicate["onsets"], *late]) if day // 7 <= week) / people


def share_in_week(replicate: Days, state: str, people: int, week: int) -> float:
    """Mean daily share in a state, over the days of the week that the run has."""
    shares = [n / people for day, n in enumerate(replicate[state]) if day // 7 == week]
    return sum(shares) / len(shares)


def sum_in_week(replicate: Days, event: str, week: int) -> int:
    """Events of the week."""
    return sum(n for day, n in enumerate(replicate[event]) if day // 7 == week)


def peak(replicate: Days) -> tuple[int, int]:
    """The most people infectious at the end of a day, and the first such day."""
    most = max(replicate["infectious"])
    return most, list(replicate["infectious"]).index(most)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between the order statistics at 0, 1/(n-1), ..., 1."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def r_of_day(replicate: Days, weights: Sequence[float], day: int) -> tuple[int, float]:
    """Local infections of the day, and earlier infections, each weighted by how likely it infects after so long."""
    due = sum(
        weights[day - earlier - 1] * replicate["infections"][earlier]
        for earlier in range(day)
        if day - earlier <= len(weights)
    )
    return replicate["infections"][day] - replicate["outside_infections"][day], due


def better_share(variant: Sequence[float], baseline: Sequence[float]) -> float:
    """Share of replicates in which the variant has less."""
    pairs = list(zip(variant, baseline, strict=False))
    return sum(a < b for a, b in pairs) / len(pairs)
