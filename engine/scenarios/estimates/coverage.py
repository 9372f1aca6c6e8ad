"""Do the 95 % intervals of R and k cover the truth in 95 % of simulated outbreaks?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from engine.scenarios.estimates.offspring import fit_offspring, simulate_offspring

MEANS = (0.8, 1.5, 3.0)
DISPERSIONS = (0.1, 0.5, 1.0)
SIZES = (100, 300, 1000)


@dataclass(frozen=True)
class Covered:
    """Coverage at one true R and k and number of cases."""

    r: float
    k: float
    n: int
    replicates: int
    r_share: float
    k_share: float
    """Shares of intervals that hold the truth."""
    infector_mean: float
    """Mean offspring of the infector of a random case, over all replicates."""

    def error(self, share: float) -> float:
        """Standard error of a share by the number of replicates."""
        return sqrt(share * (1 - share) / self.replicates)

    @property
    def infector_expected(self) -> float:
        """1 + R(1 + 1/k)."""
        return 1 + self.r * (1 + 1 / self.k)


def coverage(
    replicates: int = 400,
    seed: int = 1,
    means: Sequence[float] = MEANS,
    dispersions: Sequence[float] = DISPERSIONS,
    sizes: Sequence[int] = SIZES,
    tell: Callable[[float], None] = lambda share: None,
) -> list[Covered]:
    """Coverage over the grid of true values. Cost: 2 ms a replicate."""
    grid = [(r, k, n) for r in means for k in dispersions for n in sizes]
    out = []
    for done, (r, k, n) in enumerate(grid):
        held_r = held_k = squares = total = 0
        for i in range(replicates):
            y = simulate_offspring(r, k, n, seed, done * replicates + i)
            got = fit_offspring(y)
            held_r += got.r_low <= r <= got.r_high
            held_k += got.k_low <= k <= got.k_high
            squares += int((y * y).sum())
            total += int(y.sum())
        out.append(Covered(r, k, n, replicates, held_r / replicates, held_k / replicates, squares / max(total, 1)))
        tell((done + 1) / len(grid))
    return out
