"""What the health services wrote down: cases, tests, quarantine orders; and the truth behind them."""

import numpy as np
import pyarrow as pa

from engine.city.districts import DISTRICTS
from engine.city.outbreak import State
from engine.city.rng import Stream, generator, kernel_key
from engine.city.tables import KINDS, Bools, City, Int64
from engine.clock import DAY, FOREVER, HOUR, MINUTE
from engine.events.schemas import TIME, canonical_schema
from engine.kernels.hashing import draws

_IN_CASE_LIST = 0.9
"""Detected F0 who appear as a `case`; the others are known by their positive PCR alone."""
_PCR_ON_FILE = 0.5
_ANTIGEN_FIRST = 0.3
_SCREENED = 0.002
"""People in circulation who take an antigen test on a day without reason."""
_CENTRAL = 0.8
_QUARANTINE_DAYS = 21
"""Contacts from 5/5/2021: 21 days."""
_PCR_TAKES_S = 20 * HOUR


def event_schema(kind: str) -> pa.Schema:
    """The canonical columns of a kind without ``retract`` and ``revision``, which a city does not need."""
    return pa.schema([f for f in canonical_schema(kind) if f.name not in ("retract", "revision")])


def moments(t: Int64, known: Bools | None = None) -> pa.Array:
    """UTC seconds as Arrow moments, null where not ``known``."""
    return pa.array(t, pa.int64(), mask=None if known is None else ~known).cast(TIME)


class Records:
    """Tables of one outbreak as known at ``end``. ``people`` and ``places`` are the key columns."""

    def __init__(
        self, seed: int, start: int, end: int, city: City, state: State, people: pa.Array, places: pa.Array
    ) -> None:
        self._seed, self._start, self._end = seed, start, end
        self._city, self._state, self._people, self._places = city, state, people, places
        self._cases = np.flatnonzero(state.confirmed_at < end)
        u = draws(kernel_key(seed, Stream.CASES), self._cases, 6)
        self._u = u
        self._listed = u[:, 0] < _IN_CASE_LIST

    def cases(self) -> pa.Table:
        """Declared F0s, in order of person. Onset is the true one, rounded down to the hour."""
        s, end = self._state, self._end
        who = self._cases[self._listed]
        onset = s.peak_at[who]
        columns = [
            self._people.take(pa.array(who)),
            moments(s.confirmed_at[who]),
            moments(onset // HOUR * HOUR, s.symptomatic[who] & (onset < end)),
            moments(s.sampled_at[who]),
            moments(s.isolated_at[who], s.isolated_at[who] < end),
        ]
        return pa.Table.from_arrays(columns, schema=event_schema("case"))

    def tests(self) -> pa.Table:
        """Positive and negative tests, PCR and antigen, those with a result before the end."""
        s, end, u = self._state, self._end, self._u
        c = self._cases
        pcr = c[~self._listed | (u[:, 1] < _PCR_ON_FILE)]
        noise = draws(kernel_key(self._seed, Stream.SCREENING), pcr, 1)[:, 0]
        ct = np.clip(17 + 1.6 * np.abs(s.sampled_at[pcr] - s.peak_at[pcr]) / DAY + 8 * noise, 12, 38).round(1)
        rapid = c[s.symptomatic[c] & (u[:, 2] < _ANTIGEN_FIRST)]
        t = s.traced_sample_at
        clear = np.flatnonzero((t < end - _PCR_TAKES_S) & (s.sampled_at != t) & (s.confirmed_at > t))
        screened, when = self._screening()
        none = np.full(len(rapid) + len(clear) + len(screened), np.nan)
        who = np.concatenate([pcr, rapid, clear, screened])
        sampled = np.concatenate([s.sampled_at[pcr], s.sampled_at[rapid], t[clear], when])
        quick = 30 * MINUTE
        resulted = np.concatenate(
            [s.confirmed_at[pcr], s.sampled_at[rapid] + quick, t[clear] + _PCR_TAKES_S, when + quick]
        )
        sizes = [len(pcr), len(rapid), len(clear), len(screened)]
        columns = [
            self._people.take(pa.array(who)),
            moments(sampled),
            pa.array(np.repeat(["pcr", "antigen", "pcr", "antigen"], sizes)),
            pa.array(np.repeat(["positive", "positive", "negative", "negative"], sizes)),
            moments(resulted),
            pa.array(np.concatenate([ct, none]), from_pandas=True),
        ]
        rows = pa.Table.from_arrays(columns, schema=event_schema("test_result"))
        return rows.take(pa.array(np.lexsort((sampled, who))))

    def _screening(self) -> tuple[Int64, Int64]:
        s, people, moments_ = self._state, [], []
        out = s.out_at()
        for day in range((self._end - self._start) // DAY):
            rng = generator(self._seed, Stream.SCREENING, 0, day)
            n = len(s.infected_at)
            who = np.unique(rng.integers(0, n, rng.poisson(n * _SCREENED)))
            at = self._start + day * DAY + rng.integers(7 * HOUR, 18 * HOUR, len(who))
            fine = (out[who] > at) & ((s.infected_at[who] > at) | (s.peak_at[who] + 10 * DAY < at))
            people.append(who[fine])
            moments_.append(at[fine])
        return np.concatenate(people), np.concatenate(moments_)

    def quarantine(self) -> pa.Table:
        """Orders for traced contacts, hospital stays of F0s who are in no case list; in order of person."""
        s, end = self._state, self._end
        ordered = np.flatnonzero((s.quarantined_at < end) & (s.quarantined_at < s.isolated_at))
        u = draws(kernel_key(self._seed, Stream.CASES), ordered, 6)
        beds = self._cases[~self._listed]
        beds = beds[s.isolated_at[beds] < np.minimum(end, s.quarantined_at[beds])]
        who = np.concatenate([ordered, beds])
        begin = np.concatenate([s.quarantined_at[ordered], s.isolated_at[beds]])
        planned = np.arange(len(who)) < len(ordered)
        told = np.where(u[:, 5] < _CENTRAL, "central", "home")
        columns = [
            self._people.take(pa.array(who)),
            moments(begin),
            moments(begin + _QUARANTINE_DAYS * DAY, planned),
            pa.array(np.concatenate([told, np.full(len(beds), "hospital")])),
        ]
        rows = pa.Table.from_arrays(columns, schema=event_schema("quarantine"))
        return rows.take(pa.array(np.lexsort((begin, who))))

    def infections(self) -> pa.Table:
        """The truth: every infection, in order of time. From outside: infector and place are null."""
        s, where = self._state, self._city.places
        who = np.flatnonzero(s.infected_at < FOREVER)
        who = who[np.argsort(s.infected_at[who], kind="stable")]
        inside = s.infector[who] >= 0
        place = np.where(inside, s.place[who], 0)
        setting = np.where(inside, np.array([k.name for k in KINDS])[where.kind[place]], "outside")
        return pa.table(
            {
                "infected": self._people.take(pa.array(who)),
                "infector": self._people.take(pa.array(s.infector[who], mask=~inside)),
                "at": moments(s.infected_at[who]),
                "place": self._places.take(pa.array(place, mask=~inside)),
                "setting": pa.array(setting),
                "lat": pa.array(where.lat[place], mask=~inside),
                "lng": pa.array(where.lng[place], mask=~inside),
                "onset_at": moments(s.peak_at[who], s.symptomatic[who]),
                "symptomatic": pa.array(s.symptomatic[who]),
            }
        )


def true_people(city: City, people: pa.Array, places: pa.Array) -> pa.Table:
    """The truth: everybody, in order of person."""
    p = city.people
    codes = np.array([d.code for d in DISTRICTS])
    return pa.table(
        {
            "person": people,
            "home": places.take(pa.array(p.home)),
            "district": pa.array(codes[city.places.district[p.home]]),
            "age": pa.array(p.age.astype(np.int32)),
            "has_app": pa.array(p.has_app),
            "scans_qr": pa.array(p.scans_qr),
            "sends_location": pa.array(p.sends_location),
        }
    )
