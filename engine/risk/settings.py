"""The numbers of the hex score, as one object: the declared ones, or others to compare with."""

from dataclasses import dataclass

from engine import params


@dataclass(frozen=True)
class HexSettings:
    """Numbers of the hex score; see ``engine.params`` for their meaning and sources."""

    half_life_d: float = params.HEX_HALF_LIFE_D.value
    ring_1: float = params.HEX_RING_1.value
    ring_2: float = params.HEX_RING_2.value
    """Whole quarters, so that smoothed sums stay exact."""
    f1_weight: float = params.HEX_F1_WEIGHT.value
    f2_weight: float = params.HEX_F2_WEIGHT.value
    prior_h: float = params.HEX_PRIOR_H.value
    half_rate: float = params.HEX_HALF_RATE.value
    min_footfall_h: float = params.HEX_MIN_FOOTFALL_H.value

    def __post_init__(self) -> None:
        if any(4 * ring % 1 for ring in (self.ring_1, self.ring_2)):
            raise ValueError("ring weights must be whole quarters")

    @property
    def ring_weights(self) -> tuple[int, int, int]:
        """Weights of the rings 0, 1, 2 in quarters."""
        return 4, round(4 * self.ring_1), round(4 * self.ring_2)

    @property
    def weights(self) -> tuple[float, float, float]:
        """Chance that somebody on level 0, 1, 2 is infected."""
        return 1.0, self.f1_weight, self.f2_weight
