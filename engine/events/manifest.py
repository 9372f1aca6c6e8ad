"""Exports as folders of Parquet files under a manifest: what is in them, and whether it is still whole.

``DIR/manifest.json`` names every file with its kind, day, rows, bytes and SHA-256. It is written last: a folder
without one (``progress.json`` instead) is an export that was not finished.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from engine.errors import UnreadableFileError
from engine.events.schemas import KINDS

MANIFEST, UNFINISHED = "manifest.json", "progress.json"
FORMAT, VERSION = "truyvet-export", 1
PART = "part.parquet"
_DEPTH = 3
"""A file lies at most so far below its manifest (``kind/day=.../part.parquet``)."""


@dataclass(frozen=True)
class Item:
    """One file of an export."""

    path: str
    """Below the export's folder, with slashes."""
    kind: str
    day: str | None
    """``YYYY-MM-DD`` in UTC; None for kinds kept in one file."""
    rows: int
    bytes: int
    sha256: str
    """Of the file."""
    content: str
    """Digest of the rows: the same rows need not be written again."""


@dataclass(frozen=True)
class Manifest:
    """What an export holds."""

    journal: str
    """Which journal it was made from; empty: an engine in memory."""
    as_of: int
    made_at: str
    """RFC 3339."""
    kinds: tuple[str, ...]
    """Kinds that were asked for, also those without a file."""
    files: tuple[Item, ...]

    def as_json(self) -> bytes:
        """The document."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1).encode() + b"\n"


def read_manifest(folder: Path, name: str = MANIFEST) -> Manifest | None:
    """The manifest in ``folder``; None when there is none, or one of another program.

    Raises:
        UnreadableFileError: it is damaged, or of a newer release.
    """
    try:
        text = (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnreadableFileError(f"{folder / name}: {error.strerror}") from None
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            return None
        if document["version"] != VERSION:
            raise UnreadableFileError(f"{folder / name} was written by a newer release; use that one to read it")
        return _manifest(document)
    except (ValueError, KeyError, TypeError):
        if FORMAT.encode() not in text:
            return None
        raise UnreadableFileError(f"{folder / name} is damaged; make the export again") from None


def _manifest(document: Mapping[str, Any]) -> Manifest:
    items = tuple(Item(**{name: item[name] for name in Item.__dataclass_fields__}) for item in document["files"])
    for item in items:
        path = PurePosixPath(item.path)
        if path.is_absolute() or ".." in path.parts or item.kind not in KINDS:
            raise ValueError(item.path)
    return Manifest(
        document["journal"], document["as_of"], document["made_at"], tuple(document["kinds"]), items
    )  # fmt: skip


def exported_files(folder: Path) -> dict[Path, str] | None:
    """The files of the export in ``folder``, each with its kind; None when ``folder`` is no export.

    Raises:
        UnreadableFileError: the export is unfinished, or a file of it is missing or of another size.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        if read_manifest(folder, UNFINISHED) is not None:
            raise UnreadableFileError(f"the export in {folder} is not finished; run the same `truyvet export` again")
        return None
    for item in manifest.files:
        _check_size(folder / item.path, item)
    return {folder / item.path: item.kind for item in manifest.files}


def check_whole(path: Path) -> None:
    """Compare a file with its checksum in the manifest above it; nothing when it is in no export.

    Cost: reads the file once.

    Raises:
        UnreadableFileError: it is damaged.
    """
    if path.name != PART:
        return
    for folder in list(path.parents)[:_DEPTH]:
        manifest = read_manifest(folder)
        if manifest is not None:
            below = path.relative_to(folder).as_posix()
            for item in manifest.files:
                if item.path == below:
                    _check_size(path, item)
                    if sha256_of(path) != item.sha256:
                        raise _damaged(path)
            return


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_size(path: Path, item: Item) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise UnreadableFileError(f"{path} is named in the manifest but is not there; make the export again") from None
    if size != item.bytes:
        raise _damaged(path)


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path} is not as it was exported (its checksum differs from the manifest's); nothing of it was taken"
    )
