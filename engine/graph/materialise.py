"""Contacts as shown and as tables: evidence joined into episodes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine import params
from engine.events.schemas import TIME
from engine.graph.eligibility import BLUETOOTH, CHANNEL_NAMES, CHECK_IN, LOCATION, Eligibility
from engine.graph.evidence import Evidence
from engine.graph.kernels.episodes import episodes
from engine.graph.pair_columns import Pairs
from engine.graph.pairs import sweep, totals
from engine.graph.view import GraphView
from engine.ids import Keys
from engine.kernels.radix import order_by

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
PART_ROWS = 4_000_000
"""Intervals of pairs looked at together while materialising, about: bounds the memory."""

CONTACTS = pa.schema([
    ("person", pa.string()),
    ("other", pa.string()),
    ("t_start", TIME),
    ("t_end", TIME),
    ("seconds", pa.int64()),
    ("channel", pa.string()),
    ("place", pa.string()),
    ("attenuation_db", pa.float64()),
    ("distance_m", pa.float64()),
    ("weight", pa.float64()),
])  # fmt: skip
"""Columns of a materialised contact table. ``seconds`` is what is credited; gaps within an episode are not."""


@dataclass(frozen=True)
class Episodes:
    """Evidence sorted by (query, other, channel, place, start), and which rows form one episode.

    ``head`` holds the first row of each episode; other columns have one entry an episode.
    """

    evidence: Evidence
    episode: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]
    measure: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


def join_episodes(evidence: Evidence, gap_s: int, by_channel: bool = True) -> Episodes:
    """Rows of one pair, channel and place that overlap, touch, or lie less than ``gap_s`` apart become one episode.

    Without ``by_channel`` rows of one pair are joined whatever their channel and place. Cost: one sort.
    """
    split = ("query", "other", "channel", "place") if by_channel else ("query", "other")
    keys = [getattr(evidence, name) for name in split]
    ev = evidence.take(np.lexsort((evidence.end, evidence.start, *reversed(keys))))
    new = np.ones(len(ev), np.bool_)
    new[1:] = np.logical_or.reduce([getattr(ev, name)[1:] != getattr(ev, name)[:-1] for name in split])
    episode, adds = episodes(new, ev.start, ev.end, gap_s)
    head = np.flatnonzero(np.diff(episode, prepend=-1))
    if len(head) == 0:
        none = np.empty(0, np.int64)
        return Episodes(ev, episode, none, none, none, np.empty(0), np.empty(0))
    return Episodes(
        ev,
        episode,
        head,
        np.maximum.reduceat(ev.end, head),
        np.add.reduceat(adds, head),
        np.minimum.reduceat(ev.measure, head),
        np.maximum.reduceat(ev.weight, head),
    )


def materialise(
    view: GraphView,
    people: Keys,
    places: Keys,
    start: int,
    end: int,
    eligibility: Eligibility,
    gap_s: int | None = None,
    by_channel: bool = True,
) -> pa.Table:
    """Every contact in [start, end) under ``eligibility``, schema CONTACTS, ordered by (person, other, t_start).

    Each pair appears once, ``person`` < ``other`` by key; with slack, which is directed, twice with ``person``
    the infectious one. ``gap_s`` defaults to the episode gap; 0 joins only what overlaps or touches. Without
    ``by_channel`` a pair's evidence of all channels and places is joined, so that ``seconds`` add up without
    counting an instant twice; ``channel``, ``place`` and the measures are then null.
    Cost: all pairs, about 1 us each; a crowd of n makes n squared rows. Queries and traces never need this table.
    """
    gap = round(params.EPISODE_GAP_S.value) if gap_s is None else gap_s
    names, ranks = _by_key(people)
    place_names, place_ranks = _by_key(places)
    wanted = -(-totals(view, start, end, eligibility).pairs // PART_ROWS)
    bounds = [len(people) * n // max(1, wanted) for n in range(max(1, wanted) + 1)]
    tables = [CONTACTS.empty_table()]
    for low, high in pairwise(bounds):
        found = sweep(
            view,
            start,
            end,
            eligibility,
            partial(
                _between, ranks=ranks, place_ranks=place_ranks, low=low, high=high, directed=eligibility.slack_s > 0
            ),
        )
        rows = [np.concatenate(column) for column in zip(*found, strict=True)]
        if rows and len(rows[0]):
            tables.append(_table(rows, gap, by_channel, len(people), names, place_names))
    return pa.concat_tables(tables)


def _by_key(keys: Keys) -> tuple[pa.Array, Ints]:
    """Keys in their order, and the rank of each code."""
    ranks = keys.ranks(np.arange(len(keys), dtype=np.int32))
    order = np.empty(len(keys), np.int64)
    order[ranks] = np.arange(len(keys))
    return keys.column().take(pa.array(order)), ranks


def _between(pairs: Pairs, ranks: Ints, place_ranks: Ints, low: int, high: int, directed: bool) -> list[Array]:
    """(person, other, channel, place, start, end, weight, measure) of pairs whose person has a rank in [low, high)."""
    person, other = ranks[pairs.a], ranks[pairs.b]
    if not directed:
        person, other = np.minimum(person, other), np.maximum(person, other)
    mine = slice(None) if (low, high) == (0, len(ranks)) else (person >= low) & (person < high)
    place = place_ranks[pairs.place] if pairs.channel == CHECK_IN else np.full(len(pairs), -1)
    start, end = (pairs.origin + t.astype(np.int64) for t in (pairs.start, pairs.end))
    channel = np.full(len(pairs), pairs.channel, np.int8)
    return [c[mine] for c in (person, other, channel, place, start, end, pairs.weight, pairs.measure)]


def _table(
    rows: list[Array], gap: int, by_channel: bool, people: int, names: pa.Array, place_names: pa.Array
) -> pa.Table:
    """Episodes of some people's rows, in the order of the table."""
    person, other, channel, place, start, end, weight, measure = rows
    group = (
        channel.astype(np.int64) * (len(place_names) + 1) + place + 1 if by_channel else np.zeros(len(person), np.int64)
    )
    pair = person * people + other
    order = _order(pair, group, start - start.min())
    pair, group, start, end = pair[order], group[order], start[order], end[order]
    new = np.ones(len(pair), np.bool_)
    new[1:] = (pair[1:] != pair[:-1]) | (group[1:] != group[:-1])
    episode, adds = episodes(new, start, end, gap)
    head = np.flatnonzero(np.diff(episode, prepend=-1))
    end, seconds = np.maximum.reduceat(end, head), np.add.reduceat(adds, head)
    measure, weight = np.minimum.reduceat(measure[order], head), np.maximum.reduceat(weight[order], head)
    pair, start = pair[head], start[head]
    channel = np.where(by_channel, channel[order][head], -1)
    place = np.where(channel == CHECK_IN, place[order][head], -1)
    shown = _order(pair, start - start.min(), group[head])
    columns = [
        names.take(pa.array((pair // people)[shown])),
        names.take(pa.array((pair % people)[shown])),
        pa.array(start[shown]).cast(TIME),
        pa.array(end[shown]).cast(TIME),
        pa.array(seconds[shown]),
        pa.array(CHANNEL_NAMES).take(pa.array(channel[shown], mask=channel[shown] < 0)),
        place_names.take(pa.array(place[shown], mask=place[shown] < 0)),
        pa.array(np.where(channel == BLUETOOTH, measure, np.nan)[shown], from_pandas=True),
        pa.array(np.where(channel == LOCATION, measure, np.nan)[shown], from_pandas=True),
        pa.array(weight[shown]),
    ]
    return pa.table(columns, schema=CONTACTS)


def _order(*keys: Ints) -> Ints:
    """Stable order by columns of whole numbers, none negative, the first the most important. Cost: linear."""
    by: Callable[..., Array] = order_by
    order = np.arange(len(keys[0]))
    for key in reversed(keys):
        if key.any():
            order = order[by(key.astype(np.int64)[order], np.zeros(len(key), np.int32))]
    return order
