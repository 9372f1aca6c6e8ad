"""Files that estimates are made of: tables of counts, line lists, pairs. What is dirty is told, and not believed."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.clock import VIET_NAM_S
from engine.errors import BadParameterError, UnreadableFileError
from engine.scenarios.estimates.cases import DATES, CaseList, Doubts, Links
from engine.scenarios.estimates.tables import EPOCH

CASE_COLUMNS: dict[str, tuple[str, ...]] = {
    "person": ("person", "id", "case", "case_id", "ma_ca"),
    "area": ("area", "area_code", "district", "province"),
    "infector": ("infector", "infected_by", "source", "nguon_lay"),
    "imported": ("imported",),
    "infected": ("infected", "infected_at", "dt_infection"),
    "exposed_from": ("exposed_from", "exposure_start", "dt_start_exp"),
    "exposed_to": ("exposed_to", "exposure_end", "dt_end_exp"),
    "onset": ("onset", "onset_at", "dt_onset", "ngay_khoi_phat"),
    "sampled": ("sampled", "sampled_at", "dt_sample"),
    "resulted": ("resulted", "resulted_at", "dt_result"),
    "confirmed": ("confirmed", "confirmed_at", "dt_diag", "dt_report", "ngay_xac_nhan"),
    "isolated": ("isolated", "isolated_at", "dt_isolation"),
    "found": ("found", "found_at", "quarantined_at"),
}
PAIR_COLUMNS: dict[str, tuple[str, ...]] = {
    "infector": ("infector", "from", "source", "case"),
    "infected": ("infected", "infectee", "to", "person"),
    "share": ("share", "probability", "weight"),
}
_NOTHING = ("", "na", "nan", "null", "none", "-")
_YES = ("1", "true", "yes", "y", "t", "x", "co", "có")


@dataclass(frozen=True)
class Sheet:
    """A CSV file: its rows, and the column of each of our words."""

    path: Path
    rows: tuple[dict[str, str], ...]
    columns: Mapping[str, str]

    def get(self, row: Mapping[str, str], word: str) -> str:
        """The cell of one of our words, stripped; empty for nothing."""
        name = self.columns.get(word)
        text = "" if name is None else (row.get(name) or "").strip()
        return "" if text.lower() in _NOTHING else text


def read_sheet(
    path: Path,
    known: Mapping[str, Sequence[str]],
    named: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
    needed: Sequence[str] = (),
) -> Sheet:
    """A CSV with the columns found by ``named`` (our word -> its name in the file), else by their usual names.

    ``where``: only rows whose columns have these values.

    Raises:
        UnreadableFileError: missing, no CSV, or a needed column is not found (the message lists the columns).
        BadParameterError: ``named`` or ``where`` speaks of what there is not.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Spreadsheets of many countries, Viet Nam's among them, put semicolons where others put commas.
            first = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=first.count))
            header = [name for name in reader.fieldnames or [] if name is not None]
            rows = [{k: v for k, v in row.items() if k is not None} for row in reader]
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{path}: no text in UTF-8; save it as CSV UTF-8") from None
    except (OSError, csv.Error) as error:
        raise UnreadableFileError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    lower = {name.strip().lower(): name for name in header}
    columns = {word: next((lower[n] for n in names if n in lower), "") for word, names in known.items()}
    for word, name in (named or {}).items():
        if word not in known:
            raise BadParameterError(f"no field {word!r}; there are: {', '.join(known)}")
        if name and name not in header:
            raise BadParameterError(f"{path}: no column {name!r}; there are: {', '.join(header)}")
        columns[word] = name
    for name, value in (where or {}).items():
        if name not in header:
            raise BadParameterError(f"{path}: no column {name!r}; there are: {', '.join(header)}")
        rows = [row for row in rows if (row.get(name) or "").strip() == value]
    missing = [word for word in needed if not columns.get(word)]
    if missing:
        raise UnreadableFileError(
            f"{path}: no column for {', '.join(missing)}; there are: {', '.join(header) or 'none'}. "
            f"Name it: --column {missing[0]}=NAME"
        )
    return Sheet(path, tuple(rows), {w: c for w, c in columns.items() if c})


@lru_cache(maxsize=100_000)
def moment_of(text: str) -> float | None:
    """Days since 1970-01-01, local time; None for what is no date. Dates, ``d/m/yyyy`` and times are understood."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _written_day(text)
    if at.tzinfo is not None:
        return (at.timestamp() + VIET_NAM_S) / 86_400
    return (at - datetime(1970, 1, 1)).total_seconds() / 86_400


def _written_day(text: str) -> float | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d"):
        try:
            return float((datetime.strptime(text, form).date() - EPOCH).days)
        except ValueError:
            continue
    return None


def read_cases(path: Path, named: Mapping[str, str] | None = None, imported: tuple[str, str] | None = None
               ) -> tuple[CaseList, Links | None]:  # fmt: skip
    """A line list: a row a case, and who infected whom when a column tells it.

    ``imported``: (column, value) that marks those infected elsewhere. A second row of a person, dates that cannot be
    read and infectors who are no case are told as doubts.

    Raises: as :func:`read_sheet`.
    """
    where = read_sheet(path, CASE_COLUMNS, named, needed=("person",))
    if imported is not None and where.rows and imported[0] not in where.rows[0]:
        raise BadParameterError(f"{path}: no column {imported[0]!r}; there are: {', '.join(where.rows[0])}")
    doubts = Doubts()
    rows: dict[str, dict[str, str]] = {}
    for row in where.rows:
        person = where.get(row, "person")
        if not person or person in rows:
            doubts.add("second_row_of_a_person" if person else "row_without_person", person)
            continue
        rows[person] = row
    people = tuple(rows)
    dates = {}
    for name in DATES:
        if name in where.columns:
            dates[name] = np.array([_moment(where.get(r, name), p, doubts) for p, r in rows.items()], np.float64)
    foreign = None
    if imported is not None:
        foreign = np.array([(r.get(imported[0]) or "").strip() == imported[1] for r in rows.values()], np.bool_)
    elif "imported" in where.columns:
        foreign = np.array([where.get(r, "imported").lower() in _YES for r in rows.values()], np.bool_)
    areas = tuple(where.get(r, "area") for r in rows.values()) if "area" in where.columns else ()
    links = None
    if "infector" in where.columns:
        told = [(where.get(r, "infector"), p, 1.0) for p, r in rows.items()]
        links = _linked([t for t in told if t[0]], people, doubts)
    return CaseList(people, dates, areas, foreign, doubts.told()), links


def _moment(text: str, who: str, doubts: Doubts) -> float:
    if not text:
        return float("nan")
    found = moment_of(text)
    if found is None:
        doubts.add("unreadable_date", f"{who} {text}")
        return float("nan")
    return found


def read_pairs(path: Path, cases: CaseList | None, named: Mapping[str, str] | None = None) -> tuple[CaseList, Links]:
    """Pairs of infector and infected, for the people of ``cases``; without cases everybody who is named, undated.

    With a column of shares (chances) several infectors of a person are candidates; without one a second infector of a
    person is told as a doubt, and neither is believed.

    Raises: as :func:`read_sheet`.
    """
    sheet = read_sheet(path, PAIR_COLUMNS, named, needed=("infector", "infected"))
    doubts = Doubts()
    told = []
    for row in sheet.rows:
        share = sheet.get(row, "share")
        try:
            told.append((sheet.get(row, "infector"), sheet.get(row, "infected"), float(share) if share else 1.0))
        except ValueError:
            doubts.add("unreadable_share", share)
    if cases is None:
        cases = CaseList(tuple(dict.fromkeys(x for a, b, _ in told for x in (a, b) if x)), {})
    sure = "share" not in sheet.columns
    links = _linked(told, cases.people, doubts, sure)
    return CaseList(cases.people, cases.dates, cases.areas, cases.imported, cases.doubts + doubts.told()), links


def _linked(
    told: Sequence[tuple[str, str, float]], people: tuple[str, ...], doubts: Doubts, sure: bool = True
) -> Links:
    """Links among people, without those that nobody can believe."""
    index = {p: i for i, p in enumerate(people)}
    infectors: dict[int, dict[int, float]] = {}
    for a, b, share in told:
        if a not in index or b not in index:
            doubts.add("pair_with_unknown_person", f"{a} -> {b}")
        elif a == b:
            doubts.add("infected_by_themselves", a)
        elif not 0 < share <= 1:
            doubts.add("unreadable_share", f"{a} -> {b}")
        else:
            infectors.setdefault(index[b], {})[index[a]] = share
    rows: list[tuple[int, int, float]] = []
    for child, candidates in sorted(infectors.items()):
        if sure and len(candidates) > 1:
            doubts.add("several_infectors", people[child])
            continue
        total = max(sum(candidates.values()), 1.0)
        rows += [(child, source, share / total) for source, share in sorted(candidates.items())]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    infected, infector = (np.array(c, np.int64) for c in columns[:2])
    return Links(infected, infector, np.array(columns[2], np.float64), sure)
