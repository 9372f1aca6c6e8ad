"""Slow and obvious: rank correlation by counting, hit rate by playing through every order of equal places."""

from fractions import Fraction
from itertools import pairwise, permutations


def middle_ranks(values):
    """1 + how many are smaller + half of the others that are equal."""
    return [
        1 + sum(other < value for other in values) + Fraction(sum(other == value for other in values) - 1, 2)
        for value in values
    ]


def spearman(score, truth):
    a, b = middle_ranks(score), middle_ranks(truth)
    middle = Fraction(len(score) + 1, 2)
    both = sum((x - middle) * (y - middle) for x, y in zip(a, b, strict=True))
    one = sum((x - middle) ** 2 for x in a)
    other = sum((y - middle) ** 2 for y in b)
    return None if one == 0 or other == 0 else float(both) / (float(one) * float(other)) ** 0.5


def hit_rate(score, truth, share):
    """Mean over every order of the places that respects the score; the last place is taken in part."""
    if sum(truth) == 0:
        return None
    budget = Fraction(share) * len(score)
    found, orders = Fraction(0), 0
    for order in permutations(range(len(score))):
        if any(score[a] < score[b] for a, b in pairwise(order)):
            continue
        orders += 1
        for rank, place in enumerate(order):
            found += truth[place] * min(max(budget - rank, Fraction(0)), Fraction(1))
    return float(found / orders / sum(truth))
