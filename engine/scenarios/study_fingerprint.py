"""What a policy study was asked of, in one number: the same evidence has the same one, in whatever order it came."""

import hashlib
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from engine.clock import FOREVER
from engine.graph.segments import Segment, major, second
from engine.ids import Keys
from engine.scenarios.study_world import Known

Words = npt.NDArray[np.uint64]
_FORMAT = b"truyvet study 1\n"
_ALL = (1 << 64) - 1
_KINDS = ("bluetooth", "check_in", "location")


def study_fingerprint(known: Known) -> str:
    """SHA-256 (hex) of the evidence, the cases, the truth and the moment. No key can be told from it.

    A row counts by the names of its people and place, its second and its payload; rows are added up, so that their
    order, and the codes that names got, play no part.

    Cost: linear in the evidence and the people; some 0.1 us a row.
    """
    people = _names(known.keys)
    places = _names(known.places) if known.places is not None else np.empty(0, np.uint64)
    total = hashlib.sha256(_FORMAT)
    for kind in _KINDS:
        segments: tuple[Segment, ...] = getattr(known.view, kind)
        rows = sum(len(s.rows) for s in segments)
        mixed = sum(int(_sum(_rows(s, people, places))) for s in segments) & _ALL
        total.update(f"{kind} {rows} {mixed:016x}\n".encode())
    total.update(f"places {_sum(_used_places(known, places)):016x}\n".encode())
    ordered = np.flatnonzero(known.people.isolation < FOREVER)
    total.update(f"isolation {_sum(_mixed(people[ordered], known.people.isolation[ordered])):016x}\n".encode())
    f0s = [[int(people[f.person]), f.confirmed_at, f.onset_at, f.sampled_at, f.isolated_at]
           for f in known.people.cases.values()]  # fmt: skip
    total.update(f"cases {sorted(f0s, key=str)}\n".encode())
    asked = None if known.cases is None else sorted(people[known.cases].tolist())
    total.update(f"asked {asked} {known.until} {known.told_by}\n".encode())
    truth = known.truth
    told = _mixed(_of(people, truth.person), _of(people, truth.infector), truth.at)
    total.update(f"truth {truth.kind} {len(told)} {_sum(told):016x}\n".encode())
    return total.hexdigest()


def _names(keys: Keys) -> Words:
    """A number for every key, by code."""
    found = keys.keys(range(len(keys)))
    return np.array([int.from_bytes(blake2b(k.encode(), digest_size=8).digest(), "little") for k in found], np.uint64)


def _used_places(known: Known, names: Words) -> Words:
    """What is known of the places of check-ins."""
    columns = known.view.places
    used = np.unique(np.concatenate([np.empty(0, np.int32), *(s.majors for s in known.view.check_in)]))
    name = names[used] if len(names) else np.zeros(len(used), np.uint64)
    about = (columns.stay_s, columns.weight, columns.lat_e7, columns.lng_e7)
    return _mixed(name, *(column[used] for column in about))


def _of(people: Words, code: npt.NDArray[np.int32]) -> Words:
    """Numbers of people; those whom no event names count by their place behind the others, -1 is 0."""
    out = np.where(code < 0, 0, code - len(people) + 1).astype(np.uint64)
    named = (code >= 0) & (code < len(people))
    out[named] = people[code[named]]
    return out


def _rows(segment: Segment, people: Words, places: Words) -> Words:
    rows = segment.rows
    first = people
    if rows.kind == "check_in":
        first = places if len(places) else np.zeros(int(major(rows.k1).max(initial=-1)) + 1, np.uint64)
    one = first[major(rows.k1)] if len(rows) else np.empty(0, np.uint64)
    other = np.zeros(len(rows), np.uint64) if rows.kind == "location" else people[rows.k2]
    at = second(rows.k1).astype(np.int64) + segment.day_start
    return _mixed(one, other, at, *(rows.payload[name] for name in sorted(rows.payload)))


def _mixed(*columns: npt.NDArray[np.generic]) -> Words:
    """One number a row, of all columns (splitmix64 between them)."""
    out = np.full(len(columns[0]), 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        whole = column.dtype in (np.float64, np.uint64)
        out ^= np.ascontiguousarray(column if whole else column.astype(np.int64)).view(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            out ^= out >> np.uint64(shift)
            out *= np.uint64(factor)
        out ^= out >> np.uint64(31)
    return out


def _sum(words: Words) -> int:
    """Modulo 2^64, so that the order plays no part."""
    return int(words.sum(dtype=np.uint64))
