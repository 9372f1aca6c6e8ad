"""Official levels the slow way: plain rules on known facts, and every world that missing facts allow.

Written from the decisions as the domain sheet tells them, with the numbers written out here.
"""

from itertools import product

JUDGED = ("spread_share", "illegal_entry", "industrial_zone")


def commune_level(facts, population, worst_beside):
    """Level of a commune by 2686, but for its neighbours' part: ``worst_beside`` is asked for each level."""
    if facts["f0_unknown_source"] >= 2 or facts["f0_crowded"] >= 2:
        return 4
    if facts["f0_unknown_source"] >= 1 or facts["f0_crowded"] >= 1 or worst_beside(4):
        return 3
    rate = 100_000 * facts["f0_known_source"] / population if population else 0
    if facts["f0"] >= 1 or rate > 1 or facts["f1"] >= 1 or worst_beside(3) or facts["illegal_entry"] >= 1:
        return 2
    return 1


def communes_2686(units, borders):
    """{commune: level}; ``units``: {commune: (facts, population)}, ``borders``: pairs."""
    beside = {c: {b for a, b in borders if a == c} | {a for a, b in borders if b == c} for c in units}
    none = {c: commune_level(*units[c], lambda _: False) for c in units}
    red = {c for c, level in none.items() if level == 4}
    with_red = {c: commune_level(*units[c], lambda k, c=c: k == 4 and bool(beside[c] & red)) for c in units}
    orange = {c for c, level in with_red.items() if level >= 3}
    return {c: commune_level(*units[c], lambda k, c=c: bool(beside[c] & (red if k == 4 else orange))) for c in units}


def district_2686(communes, spread, zone):
    """Level of a district by the levels of its communes and what was assessed."""
    n = len(communes)
    red, orange, yellow = (sum(x >= k for x in communes) for k in (4, 3, 2))
    if red >= 0.3 * n or orange >= 0.5 * n or spread > 0.5:
        return 4
    if orange >= 0.3 * n or yellow >= 0.5 * n or red >= 1 or spread > 0.2 or zone >= 1:
        return 3
    return 2 if orange >= 1 else 1


def province_2686(districts, spread):
    n = len(districts)
    red, orange, yellow = (sum(x >= k for x in districts) for k in (4, 3, 2))
    if red >= 0.3 * n or orange >= 0.5 * n or spread > 0.5:
        return 4
    if orange >= 0.3 * n or yellow >= 0.5 * n or red >= 1:
        return 3
    return 2 if orange >= 1 else 1


MATRIX = {
    "a": {True: (1, 2, 2, 3), False: (2, 3, 3, 4)},
    "b": {True: (1, 1, 2, 3), False: (1, 2, 3, 4)},
}


def level_4800(cases, population, coverage, elderly, capacity, previous, version):
    """Level by 4800 when everything is known."""
    rate = 100_000 * cases / population
    transmission = 0 if rate < 20 else 1 if rate < 50 else 2 if rate < 150 else 3
    level = MATRIX[version][coverage >= 0.7][transmission]
    if elderly < 0.8 and cases > 0 and level < 4:
        level += 1
    if not capacity and previous is not None:
        level = max(level, previous)
    return level


def worlds(given, choices):
    """Every completion of ``given`` (None: missing) by the values of ``choices``."""
    missing = [name for name, value in given.items() if value is None]
    for values in product(*(choices[name] for name in missing)):
        yield {**given, **dict(zip(missing, values, strict=True))}


def outlying(values, floor=500, medians=8, uppers=3, quantile=0.8, width=7):
    """Indexes of the outliers of one list (None: missing)."""
    found = []
    for i, value in enumerate(values):
        around = sorted(v for j, v in enumerate(values) if j != i and abs(i - j) <= width and v is not None)
        if value is None or value < floor or len(around) < width:
            continue
        middle = len(around) // 2
        median = around[middle] if len(around) % 2 else (around[middle - 1] + around[middle]) / 2
        place = quantile * (len(around) - 1)
        low = int(place)
        high = min(low + 1, len(around) - 1)
        upper = around[low] + (around[high] - around[low]) * (place - low)
        if value >= medians * max(median, 1) and value >= uppers * max(upper, 1):
            found.append(i)
    return found
