"""Contacts as shown and as tables: evidence joined into episodes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine import params
from engine.events.schemas import TIME
from engine.graph.eligibility import BLUETOOTH, CHANNEL_NAMES, CHECK_IN, LOCATION, Eligibility
from engine.graph.evidence import Evidence, gather
from engine.graph.kernels.episodes import episodes
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from engine.ids import Keys

CHUNK = 256
"""People looked at together while materialising: bounds the memory."""

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
    Cost: all pairs; a crowd of n makes n squared rows. Queries and traces never need this table.
    """
    gap = round(params.EPISODE_GAP_S.value) if gap_s is None else gap_s
    tables = []
    for at in range(0, len(people), CHUNK):
        person = np.arange(at, min(at + CHUNK, len(people)), dtype=np.int32)
        window = np.full(len(person), start, np.int64), np.full(len(person), end, np.int64)
        evidence = gather(view, Queries(person, *window), eligibility)
        if eligibility.slack_s == 0:
            evidence = evidence.take(evidence.other > person[evidence.query])
        if len(evidence):
            joined = join_episodes(evidence, gap, by_channel)
            tables.append(_table(joined, person, people, places, eligibility.slack_s == 0, by_channel))
    table = pa.concat_tables(tables) if tables else CONTACTS.empty_table()
    return table.sort_by([(n, "ascending") for n in ("person", "other", "t_start", "channel", "place")])


def _table(
    e: Episodes, person: npt.NDArray[np.int32], people: Keys, places: Keys, swap: bool, by_channel: bool
) -> pa.Table:
    ev = e.evidence.take(e.head)
    one, two = people.keys(person[ev.query].tolist()), people.keys(ev.other.tolist())
    if swap:
        ordered = [(a, b) if a < b else (b, a) for a, b in zip(one, two, strict=True)]
        one, two = [a for a, _ in ordered], [b for _, b in ordered]
    channel = np.where(by_channel, ev.channel, -1)
    at_place = zip((channel == CHECK_IN).tolist(), ev.place.tolist(), strict=True)
    columns = [
        pa.array(one),
        pa.array(two),
        pa.array(ev.start).cast(TIME),
        pa.array(e.end).cast(TIME),
        pa.array(e.seconds),
        pa.array([CHANNEL_NAMES[c] if c >= 0 else None for c in channel.tolist()], pa.string()),
        pa.array([places.key(place) if known else None for known, place in at_place], pa.string()),
        pa.array(np.where(channel == BLUETOOTH, e.measure, np.nan), from_pandas=True),
        pa.array(np.where(channel == LOCATION, e.measure, np.nan), from_pandas=True),
        pa.array(e.weight),
    ]
    return pa.table(columns, schema=CONTACTS)
