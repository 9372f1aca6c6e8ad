"""The event kinds: declared columns, their types, units and bounds. One declaration, used by validation,
readers, the API's documentation and the sample city.

A *canonical* table has exactly the columns of ``canonical_schema(kind)``: strings, ``timestamp[s, UTC]``,
numbers, and the two columns every kind has: ``retract`` (removes the event with this natural key) and
``revision`` (a higher one replaces, and outlives the retraction of, a lower one).
"""

from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa

from engine.errors import UnknownKindError
from engine.params import FIX_DEFAULT_ACCURACY_M, PLACE_KINDS, SCAN_PERIOD_S

FieldType = Literal["key", "text", "time", "real", "int", "bool"]
TIME = pa.timestamp("s", tz="UTC")
ARROW_TYPE: dict[str, pa.DataType] = {
    "key": pa.string(),
    "text": pa.string(),
    "time": TIME,
    "real": pa.float64(),
    "int": pa.int32(),
    "bool": pa.bool_(),
}
MAX_KEY = 128
"""Longest id, in characters."""


@dataclass(frozen=True)
class Field:
    """One column. ``natural`` columns together are the natural key; ``low``/``high`` are inclusive."""

    name: str
    type: FieldType
    doc: str
    natural: bool = False
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    future: bool = False
    """A moment that may lie after the clock (the planned end of a quarantine)."""
    wire_only: bool = False
    """Accepted from outside, turned into another column by validation."""
    unit: str = ""
    default: float | None = None
    """Stands in for a missing value (numbers only)."""


@dataclass(frozen=True)
class Kind:
    """One kind of event."""

    name: str
    doc: str
    fields: tuple[Field, ...]

    @property
    def natural_key(self) -> tuple[str, ...]:
        """Names of the columns that identify an event of this kind."""
        return tuple(f.name for f in self.fields if f.natural)


def _key(name: str, doc: str) -> Field:
    return Field(name, "key", doc, natural=True, required=True)


def _moment(name: str, doc: str) -> Field:
    return Field(name, "time", doc, natural=True, required=True)


_LAT = Field("lat", "real", "latitude (WGS 84)", low=-90, high=90, unit="°")
_LNG = Field("lng", "real", "longitude (WGS 84)", low=-180, high=180, unit="°")

BLUETOOTH = Kind(
    "bluetooth",
    "One phone saw another: credited from `at` for `duration_s`.",
    (
        _key("person", "who carried the phone that saw"),
        _key("peer", "who carried the phone that was seen"),
        _moment("at", "start of the look"),
        Field(
            "duration_s",
            "int",
            "credited time",
            low=1,
            high=32_767,
            unit="s",
            default=SCAN_PERIOD_S.value,
        ),
        Field("attenuation_db", "real", "sent power minus received power", low=-50, high=250, unit="dB"),
        Field("rssi_dbm", "real", "received power", low=-200, high=50, wire_only=True, unit="dBm"),
        Field("tx_power_dbm", "real", "sent power", low=-100, high=50, wire_only=True, unit="dBm"),
    ),
)
CHECK_IN = Kind(
    "check_in",
    "A person was at a place.",
    (
        _key("person", "who came"),
        _key("place", "where"),
        _moment("entered_at", "came at"),
        Field("left_at", "time", "left at; when missing, the usual stay of the place's kind is assumed"),
    ),
)
LOCATION = Kind(
    "location",
    "A location fix of a person.",
    (
        _key("person", "whose phone"),
        _moment("at", "moment of the fix"),
        replace(_LAT, required=True),
        replace(_LNG, required=True),
        Field(
            "accuracy_m",
            "real",
            "radius that holds the true position with 68 %",
            low=0.1,
            high=6_500,
            unit="m",
            default=FIX_DEFAULT_ACCURACY_M.value,
        ),
    ),
)
PLACE = Kind(
    "place",
    "Reference data of a place.",
    (
        _key("place", "which place"),
        Field("name", "text", "its name"),
        Field(
            "kind",
            "text",
            f"{', '.join(PLACE_KINDS)}; anything else counts as other",
        ),
        _LAT,
        _LNG,
        Field("area_m2", "real", "floor area", low=1, high=1e7, unit="m²"),
        Field("indoor", "bool", "under a roof and between walls"),
        Field("area_code", "text", "official code of the administrative area"),
    ),
)
CASE = Kind(
    "case",
    "A declared F0.",
    (
        _key("person", "who"),
        Field("confirmed_at", "time", "when the result came"),
        Field("onset_at", "time", "first symptoms; missing: none seen"),
        Field("sampled_at", "time", "when the positive sample was taken"),
        Field("isolated_at", "time", "when put in isolation"),
    ),
)
TEST_RESULT = Kind(
    "test_result",
    "A test. A positive PCR makes its person an F0.",
    (
        _key("person", "who"),
        _moment("sampled_at", "when the sample was taken"),
        Field("method", "text", "pcr or antigen", natural=True, required=True, choices=("pcr", "antigen")),
        Field("result", "text", "what came out", required=True, choices=("positive", "negative", "inconclusive")),
        Field("resulted_at", "time", "when the result came"),
        Field("ct", "real", "cycle threshold of a PCR", low=0, high=60),
    ),
)
QUARANTINE = Kind(
    "quarantine",
    "An order that separates a person from others.",
    (
        _key("person", "who"),
        _moment("started_at", "from"),
        Field("ended_at", "time", "until, planned or done", future=True),
        Field("mode", "text", "home, central or hospital", choices=("home", "central", "hospital")),
    ),
)
KINDS: dict[str, Kind] = {k.name: k for k in (BLUETOOTH, CHECK_IN, LOCATION, PLACE, CASE, TEST_RESULT, QUARANTINE)}

RETRACT = Field("retract", "bool", "true removes the event with this natural key")
REVISION = Field("revision", "int", "of one natural key the highest counts", low=0, high=2_147_483_647, default=0)
COMMON = (RETRACT, REVISION)
"""The columns every kind has besides its own; never part of the natural key."""


def kind_named(name: str) -> Kind:
    """The kind called ``name``.

    Raises:
        UnknownKindError: no such kind; the message lists those there are.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKindError(f"no event kind {name!r}; there are: {', '.join(KINDS)}") from None


def canonical_schema(kind: str) -> pa.Schema:
    """The Arrow schema of a validated batch of ``kind``."""
    columns = [pa.field(f.name, ARROW_TYPE[f.type]) for f in kind_named(kind).fields if not f.wire_only]
    return pa.schema([*columns, *(pa.field(f.name, ARROW_TYPE[f.type]) for f in COMMON)])


def column_names(kind: str | None = None) -> tuple[str, ...]:
    """Every column that ``kind`` (None: any kind) is read from, in declared order."""
    kinds = KINDS.values() if kind is None else (kind_named(kind),)
    return tuple(dict.fromkeys(f.name for k in kinds for f in (*k.fields, *COMMON)))
