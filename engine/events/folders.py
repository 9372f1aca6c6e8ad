"""Which files hold events, of which kind, and in which order they are best read."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.errors import UnreadableFileError
from engine.events.manifest import exported_files
from engine.events.schemas import KINDS, kind_named

FORMATS: dict[str, str] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
}
PACKED = frozenset({"ndjson", "json", "csv"})
"""Formats that may also be gzipped (``.csv.gz``)."""
_FIRST = ("place", "quarantine", "case", "test_result")
"""Few rows that the many rows of the other kinds are read against."""
_NOT_EVENTS = frozenset({"truth"})
_STEM = re.compile(rf"({'|'.join(KINDS)})(?:[.\-].*)?")

Ignored = Callable[[Path, str], None]


def format_of(path: Path) -> tuple[str, bool] | None:
    """(format, gzipped) by the end of the file's name, or None when it is no format read here."""
    name, packed = path.name.lower(), False
    if name.endswith(".gz"):
        name, packed = name[:-3], True
    found = FORMATS.get(os.path.splitext(name)[1])
    return None if found is None or (packed and found not in PACKED) else (found, packed)


def kind_of(path: Path) -> str | None:
    """The kind a file's name begins with (``check_in.parquet``, ``check_in-0003.csv.gz``), or None."""
    match = _STEM.fullmatch(path.name)
    return match[1] if match else None


def files_of(paths: Iterable[Path], kind: str | None = None, ignored: Ignored | None = None) -> list[tuple[Path, str]]:
    """Event files among ``paths`` (files, or folders searched to the bottom), each with its kind.

    Order: place, quarantine, case, test_result, then the other kinds; within a kind by path. In folders,
    hidden files, folders called ``truth`` and files that are not events are left out, and each (folders once)
    is told to ``ignored(path, why)``. With ``kind`` every file of a known format is taken to be of that kind.
    Of a folder that ``truyvet export`` made, the files of its manifest are read, whatever else lies there.

    Raises:
        UnreadableFileError: a path does not exist, a file given by name is of no known format or kind, or an
            export is not finished or lacks a file.
        UnknownKindError: there is no such ``kind``.
    """
    if kind is not None:
        kind_named(kind)
    tell = ignored or (lambda path, why: None)
    found: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            found.update(_in_folder(path, kind, tell))
        elif not path.exists():
            raise UnreadableFileError(f"{path} does not exist")
        else:
            found[path] = _kind_of_given(path, kind)
    return sorted(found.items(), key=lambda item: (_rank(item[1]), str(item[0])))


def _rank(kind: str) -> int:
    order = [*_FIRST, *(k for k in KINDS if k not in _FIRST)]
    return order.index(kind)


def _kind_of_given(path: Path, kind: str | None) -> str:
    if format_of(path) is None:
        raise UnreadableFileError(f"{path}: its name must end in one of {', '.join(FORMATS)} (text formats also .gz)")
    found = kind or kind_of(path)
    if found is None:
        raise UnreadableFileError(
            f"{path}: say which kind of events it holds, or begin its name with one of {', '.join(KINDS)}"
        )
    return found


def _in_folder(folder: Path, kind: str | None, ignored: Ignored) -> dict[Path, str]:
    exported = exported_files(folder)
    if exported is not None:
        return exported
    found: dict[Path, str] = {}
    for here, folders, names in os.walk(folder):
        for name in sorted(folders):
            if name.startswith(".") or name in _NOT_EVENTS:
                ignored(Path(here, name), "hidden" if name.startswith(".") else "not events")
                folders.remove(name)
        for name in sorted(names):
            path = Path(here, name)
            of_kind = kind or kind_of(path)
            if name.startswith("."):
                ignored(path, "hidden")
            elif format_of(path) is None:
                ignored(path, "unknown format")
            elif of_kind is None:
                ignored(path, "unknown kind")
            else:
                found[path] = of_kind
    return found
