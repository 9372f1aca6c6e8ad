"""Attacks on releases of random cities, and on plain suppression: ``python -m benchmarks.disclosure --cities 1000``.

The attacker knows the rules, gets the exact sums of every published unit in every view of every release (four windows
of three days, everything corrected between them), then also the totals of every area. Exact rank over the rationals
counts the combinations that are about blocks below the floors only. Plain suppression publishes each cell that reaches
the floors by itself, every day about the last seven days.
"""

import argparse
import sys
from collections import Counter
from time import perf_counter

from engine.risk.disclosure import partition
from tests.oracles.disclosure_cities import (
    attack,
    attack_naive,
    behind,
    city,
    corrected_cases,
    differences,
    naive_releases,
    releases,
)


def run(first: int, cities: int) -> int:
    """Attack each city; how many combinations opened a release."""
    began = perf_counter()
    opened, simple, empty, units = 0, 0, 0, Counter[int]()
    naive_cities = naive_combinations = naive_simple = 0
    for seed in range(first, first + cities):
        place = city(seed)
        given, _ = releases(place, seed)
        empty += not given
        opened += attack(place, seed)
        units.update(partition(behind(place.rows), place.areas).resolution.tolist())
        simple += differences(given, corrected_cases(place, seed))
        found = attack_naive(place)
        naive_cities += found > 0
        naive_combinations += found
        naive_simple += differences(naive_releases(place)[:60], place.cases) > 0
    told = ", ".join(f"{units[r]} {'remainders' if r < 0 else f'cells of resolution {r}'}" for r in sorted(units))
    print(f"{cities} cities from seed {first} in {perf_counter() - began:.0f} s; {empty} too small for any release")
    print(f"units when published at once: {told}")
    print(f"releases: {opened} suppressed sets recovered by algebra, {simple} by a difference")
    print(f"plain suppression: {naive_cities} cities opened by {naive_combinations} combinations, ", end="")
    print(f"{naive_simple} by a difference of two numbers")
    return opened + simple


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first city")
    given = parser.parse_args()
    sys.exit(1 if run(given.first, given.cities) else 0)


if __name__ == "__main__":
    main()
