"""Moving a file that was read, with its report, so that nothing is ever overwritten."""

import os
from pathlib import Path

REPORT = ".report.json"
LONGEST = 224
"""Bytes of a name under which a file is put away: that of its report's draft is longer, and file systems take 255."""
SUFFIX = 32
"""Bytes of the longest suffix that such a name keeps."""


def put_away(path: Path, folder: Path, report: bytes) -> Path:
    """Move ``path`` into ``folder`` with ``<name>.report.json`` beside it; a name that is taken gets a number,
    and a very long one is cut.

    The report is there before the file is, so that a file never stands without one.

    Raises:
        OSError: it cannot be moved; it stays where it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = _free(folder, _short(path.name))
    draft = folder / f".{target.name}{REPORT}.tmp"
    draft.write_bytes(report)
    os.replace(draft, folder / f"{target.name}{REPORT}")
    os.rename(path, target)
    return target


def _short(name: str) -> str:
    """``name``, cut before its last suffix if it is too long; its report has it whole."""
    if len(os.fsencode(name)) <= LONGEST:
        return name
    suffix = os.path.splitext(name)[1]
    suffix = suffix if len(os.fsencode(suffix)) <= SUFFIX else ""
    return os.fsencode(name)[: LONGEST - len(os.fsencode(suffix))].decode("utf-8", "ignore") + suffix


def _free(folder: Path, name: str) -> Path:
    """``name`` in ``folder``, or ``stem-2.suffixes``, ``stem-3`` ... where that is taken."""
    stem, dot, suffixes = name.partition(".")
    number = 1
    target = folder / name
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}{dot}{suffixes}"
    return target
