"""A folder of results: Parquet tables, reports, and a manifest that says what made them. Whole, or not there.

A run folder is written under another name, made durable, and renamed; ``manifest.json`` names every file with its
SHA-256. No table holds a key of a person.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.disk import sync
from engine.errors import RunFolderError
from engine.scenarios.records import told

FORMAT, VERSION = "truyvet-run", 1
MANIFEST, SCENARIO = "manifest.json", "scenario.yml"
_NEXT = f".{MANIFEST}"
"""A manifest that is being written; what a killed writer left counts for nothing."""
_DESKTOP = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What desktops leave in every folder that somebody looks at."""
LARGE = ("chains",)
"""Tables that are not loaded when a folder is read."""
Manifest = dict[str, Any]
Fill = Callable[[Path], object]
"""Writes files into a folder that is not in place yet."""


@dataclass(frozen=True)
class Run:
    """Results as they were written."""

    folder: Path | None
    """None: in memory only."""
    manifest: Manifest
    tables: dict[str, pa.Table]
    """All but ``LARGE`` ones, by file name without ``.parquet``."""
    text: str = ""
    """The scenario's file."""

    def frame(self, name: str) -> Any:
        """A table as a pandas DataFrame."""
        return self.tables[name].to_pandas()


@cache
def versions() -> dict[str, str]:
    """What computes the answers: python, libraries, truyvet, and ``code``, a digest of the scenarios' source."""
    out = {"python": platform.python_version()}
    for name in ("numpy", "numba", "scipy", "pyarrow", "truyvet"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "unknown"
    digest = hashlib.sha256()
    engine = Path(__file__).parents[1]
    named = (engine / "params.py", engine / "exposure" / "infectiousness.py")
    for path in sorted([*(engine / "scenarios").rglob("*.py"), *(engine / "kernels").glob("*.py"), *named]):
        if "report" not in path.relative_to(engine).parts:
            digest.update(path.read_bytes())
    return out | {"code": digest.hexdigest()[:16]}


def write_run(folder: Path, manifest: Manifest, tables: Mapping[str, pa.Table], text: str, *, force: bool = False,
              fill: Fill | None = None, report: Fill | None = None) -> Run:  # fmt: skip
    """Write a run folder and put it in place at once.

    Inputs: ``manifest`` with at least ``hash`` (of the scenario); ``files``, ``format``, ``version`` are added here;
    ``text`` the scenario's file; ``fill`` writes further files (chains); ``report`` writes the reports, from the folder
    that already has a manifest.

    Raises:
        RunFolderError: another scenario's results are there (and not ``force``), or something that is no run folder, or
            a file in it that no run wrote (even with ``force``); or it cannot be written.
        StorageFullError: no room; what was there before is untouched.

    Between two renames at the very end a replaced folder is away for a moment; the next writer puts back what one that
    was killed just then left as ``.NAME.before``. A link is followed, and stays.
    """
    folder = folder.resolve()
    room, old = folder.with_name(f".{folder.name}.writing"), folder.with_name(f".{folder.name}.before")
    new = room / folder.name
    with told(folder):
        if old.is_dir() and not folder.exists():
            old.rename(folder)
    may_write(folder, str(manifest["hash"]), force)
    only_ours(folder)
    with told(folder):
        for left in (room, old):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            for name, table in tables.items():
                pq.write_table(table, new / f"{name}.parquet", compression="zstd")
            (new / SCENARIO).write_text(text, encoding="utf-8")
            if fill is not None:
                fill(new)
            _seal(new, manifest)
            if report is not None:
                report(new)
            whole = _seal(new, manifest)
            for path in (*new.iterdir(), new):
                sync(path)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            sync(folder.parent)
        finally:
            shutil.rmtree(room, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return Run(folder, whole, dict(tables), text)


def may_write(folder: Path, scenario_hash: str, force: bool = False) -> None:
    """Whether results of a scenario may be put there.

    Raises:
        RunFolderError: as :func:`write_run`.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; choose another folder for the results")
    if not any(folder.iterdir()):
        return
    try:
        manifest = read_manifest(folder)
    except RunFolderError:
        raise RunFolderError(f"{folder} holds something else than results; choose another folder") from None
    if manifest.get("hash") != scenario_hash and not force:
        raise RunFolderError(
            f"{folder} holds the results of another scenario ({manifest.get('name', '?')}, or an earlier text of this "
            "one); choose another folder, or overwrite it (--force; in Python force=True)"
        )


def only_ours(folder: Path) -> None:
    """Whether there is nothing in a run folder but results: whoever replaces it takes away all that is in it.

    Raises:
        RunFolderError: something is that no run wrote.
    """
    if not (folder / MANIFEST).exists():
        return
    ours = {MANIFEST, _NEXT, *_DESKTOP, *read_manifest(folder)["files"]}
    other = sorted(path.name for path in folder.iterdir() if path.name not in ours and not _is_report(path.name))
    if other:
        raise RunFolderError(f"{folder} also holds {other[0]}, which no run wrote; move it, or choose another folder")


def read_manifest(folder: Path) -> Manifest:
    """What a run folder says of itself.

    Raises:
        RunFolderError: there is none, or it cannot be read, or a newer program wrote it.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder} holds no results: {MANIFEST} is missing; make them with: run FILE --out DIR"
        ) from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read ({error}); run the scenario again") from None
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise RunFolderError(f"{path} is not the manifest of a scenario's results; give the folder that run wrote")
    if manifest.get("version") != VERSION:
        raise RunFolderError(
            f"{folder} was written by another version ({manifest.get('version')}); run the scenario again"
        )
    return manifest


def read_run(folder: Path, check: bool = True) -> Run:
    """Results read back; ``check`` compares every file with its checksum (about 1 s a GB).

    Raises:
        RunFolderError: no results there, or a file is missing, damaged or changed.
    """
    manifest = read_manifest(folder)
    _check(folder, manifest["files"], check)
    names = [Path(name).stem for name in manifest["files"] if name.endswith(".parquet")]
    try:
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in names if name not in LARGE}
        text = (folder / SCENARIO).read_text(encoding="utf-8")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RunFolderError(f"{folder} cannot be read ({error}); run the scenario again") from None
    return Run(folder, manifest, tables, text)


def _check(folder: Path, files: Mapping[str, str], sums: bool) -> None:
    for name, digest in files.items():
        what_to_do = (
            "write the reports anew with: truyvet scenario report DIR" if _is_report(name) else "run the scenario again"
        )
        if Path(name).name != name or not (folder / name).is_file():
            raise RunFolderError(f"{folder / name} is missing; {what_to_do}")
        if sums and _sha256(folder / name) != digest:
            raise RunFolderError(f"{folder / name} is damaged or was changed; {what_to_do}")


def _is_report(name: str) -> bool:
    return name.endswith(".html")


def add_files(folder: Path, write: Fill) -> Manifest:
    """Let ``write`` put reports (``.html``) into a run folder that is in place, and bring its manifest up to date.

    Damaged or missing reports are no hindrance, other damaged files are refused. While ``write`` is at it the manifest
    names no reports: whoever is killed then leaves good results without them.

    Raises:
        RunFolderError: as :func:`read_run`; ``write`` changed another file than a report.
    """
    before = read_manifest(folder)
    kept = {name: digest for name, digest in before["files"].items() if not _is_report(name)}
    _check(folder, kept, sums=True)
    with told(folder):
        _put(folder, before | {"files": kept})
        write(folder)
        changed = [name for name, digest in kept.items() if _sha256(folder / name) != digest]
        if changed:
            raise RunFolderError(f"{folder / changed[0]} was changed by a report; run the scenario again")
        manifest = _seal(folder, before, lambda name: name in kept or _is_report(name))
        for path in (*(folder / name for name in manifest["files"] if name not in kept), folder):
            sync(path)
    return manifest


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time works in ``folder`` (which is made).

    Raises:
        RunFolderError: another is at it.
    """
    with told(folder):
        handle = _locked(folder)
    try:
        yield
    finally:
        os.close(handle)


def _locked(folder: Path) -> int:
    """The folder, opened and locked: the one that has the name now, not one that its last user took away."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise RunFolderError(f"another run is working in {folder}; wait for it, or choose another folder") from None
        except FileNotFoundError:
            pass
        os.close(handle)


def _seal(folder: Path, manifest: Manifest, ours: Callable[[str], bool] = lambda _: True) -> Manifest:
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name not in (MANIFEST, _NEXT))
    files = {name: _sha256(folder / name) for name in names if ours(name)}
    return _put(folder, manifest | {"files": files})


def _put(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest, at once."""
    whole = {"format": FORMAT, "version": VERSION} | manifest
    unfinished = folder / _NEXT
    unfinished.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sync(unfinished)
    unfinished.replace(folder / MANIFEST)
    return whole


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
