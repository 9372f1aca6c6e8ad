"""Checkpoints of the state, so that a restart replays only what came later, and a past moment can be asked about.

``DIR/checkpoints/000000001234.json`` is the manifest of the state after batch 1234; it names part files under
``segments/``, shared by every checkpoint with the same content. Files are written to a new name, synced and renamed,
the manifest last: whatever happens in between, older checkpoints stay whole. A checkpoint only saves time; a damaged
one is named in the log and ignored.
"""

import fcntl
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.disk import sync
from engine.journal.checkpoint_disk import TMP, as_ours, identity, put, read
from engine.journal.checkpoint_manifest import Manifest, manifests_in, parsed, rendered
from engine.journal.checkpoint_parts import SUFFIX, DamagedError, OpenedPart, Part, opened
from engine.journal.checkpoint_store import PartStore

log = logging.getLogger("truyvet.checkpoints")
THREADS = 4
"""Readers of part files; the digest is formed outside the GIL."""


@dataclass(frozen=True)
class Info:
    """A checkpoint there is. ``bytes`` counts shared part files in full; ``received_at`` is UTC s."""

    seq: int
    received_at: int
    bytes: int
    path: Path
    journal: str


@dataclass(frozen=True)
class Opened:
    """A checkpoint, verified and mapped. Its arrays stay good when its files are removed."""

    seq: int
    received_at: int
    parts: Mapping[str, OpenedPart]


Infos = list[Info]
Paths = list[Path]
Keep = Callable[[Infos], set[int]]
"""From all checkpoints, oldest first, to the sequence numbers of those to keep."""


class _LostError(Exception):
    """A checkpoint was removed while it was read. Whoever did so has kept or written a newer one: look again."""


class Checkpoints:
    """The checkpoints in one folder. Any number of processes may read while one at a time writes or removes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = folder / "segments"
        self.damaged: list[tuple[str, str]] = []
        """(file name, reason) of every checkpoint that was ignored."""
        self._judged: dict[str, tuple[int, int]] = {}
        self._store = PartStore(self.segments)

    # -- writing ------------------------------------------------------------------------------------

    def write(
        self,
        seq: int,
        journal: str,
        parts: Iterable[Part],
        received_at: int,
    ) -> Path:
        """Make the state after batch ``seq`` durable; returns its manifest.

        Costs the bytes that no earlier checkpoint has, once through a digest and once to disk. What a killed writer
        left, and what no manifest names, is removed first; so are checkpoints of another journal.

        Raises:
            StorageFullError: the disk is full.
            JournalError: it cannot be written. In both cases nothing new is left, and older checkpoints stay.
        """
        fresh: list[Path] = []
        try:
            with self._alone():
                self._clean(journal)
                try:
                    manifest = Manifest(journal, seq, received_at, self._store.store(parts, fresh))
                    sync(self.segments)
                    path = self.folder / manifest.name
                    put(path, [rendered(manifest)])
                except BaseException:
                    for file in fresh:
                        file.unlink(missing_ok=True)
                    raise
                sync(self.folder)
        except OSError as error:
            raise as_ours(error, "the checkpoint could not be written") from None
        return path

    def adopt(self, name: str, token: object, part: OpenedPart) -> None:
        """Say that ``token`` now stands for this part as it was opened: the next write then reuses its file."""
        self._store.adopt(name, token, part.piece)

    # -- reading ------------------------------------------------------------------------------------

    def newest(
        self,
        journal: str,
        at_most: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Opened | None:
        """The newest good checkpoint of this journal with seq <= ``at_most``; None: replay everything.

        Every part is read through and verified before anything is handed out; ``progress`` hears the share, 0..1.
        Damaged ones are skipped, with a warning, and remembered in ``damaged``.
        """
        while True:
            try:
                return self._best(journal, at_most, progress)
            except _LostError:
                continue

    def _best(self, journal: str, at_most: int | None, progress: Callable[[float], None] | None) -> Opened | None:
        for path in self._upto(at_most):
            raw = None
            try:
                raw = read(path)
                if raw is None:
                    raise _LostError
                if found := self._opened(path, raw, journal, progress):
                    return found
            except DamagedError as error:
                self._ignore(path, str(error), judged=True)
            except OSError as error:
                if self._changed(path, raw):
                    raise _LostError from None
                missing, name = isinstance(error, FileNotFoundError), Path(str(error.filename or "a part")).name
                self._ignore(path, f"{name} {'is missing' if missing else 'cannot be read'}", judged=missing)
        return None

    def _upto(self, at_most: int | None) -> Paths:
        try:
            paths = manifests_in(self.folder)
        except OSError as error:
            log.warning("checkpoints are ignored: their folder cannot be read: %s", error.strerror)
            return []
        return [path for path in paths if at_most is None or int(path.stem) <= at_most]

    @staticmethod
    def _changed(path: Path, raw: bytes | None) -> bool:
        """Whether a manifest was removed or replaced since it was read."""
        try:
            return read(path) != raw
        except OSError:
            return raw is not None

    def _opened(self, path: Path, raw: bytes, journal: str, progress: Callable[[float], None] | None) -> Opened | None:
        """None when it is another journal's, or was found damaged before."""
        if self._condemned(path):
            return None
        manifest = parsed(raw, path.name)
        if manifest.journal != journal:
            log.info("checkpoint %s belongs to another journal", path.name)
            return None
        done, parts = 0, {}
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                jobs = pool.map(lambda piece: opened(self.segments, piece), manifest.parts.values())
                for name, part in zip(manifest.parts, jobs, strict=True):
                    parts[name] = part
                    done += part.piece.bytes
                    if progress is not None:
                        progress(done / manifest.bytes)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._store.trust(manifest.parts.values())
        return Opened(manifest.seq, manifest.received_at, parts)

    def _ignore(self, path: Path, reason: str, judged: bool) -> None:
        """``judged``: it was read and is bad for ever, so the next write may remove it."""
        log.warning("checkpoint %s is ignored: %s", path.name, reason)
        if (path.name, reason) not in self.damaged:
            self.damaged.append((path.name, reason))
        self._store.distrust()
        if judged and (which := identity(path)):
            self._judged[path.name] = which

    def _condemned(self, path: Path) -> bool:
        """Whether this very file was found damaged."""
        return path.name in self._judged and self._judged[path.name] == identity(path)

    def list(self) -> Infos:
        """Checkpoints there are, oldest first, without those known to be damaged. Reads the manifests only.

        Raises:
            JournalError: one cannot be read now.
        """
        try:
            return self._list()
        except OSError as error:
            raise as_ours(error, "checkpoints cannot be looked at") from None

    def _list(self) -> Infos:
        return [_info(path, manifest) for path, manifest in self._manifests() if manifest is not None]

    def _manifests(self) -> Iterator[tuple[Path, Manifest | None]]:
        """(path, manifest) oldest first; None for one that is damaged.

        Raises:
            OSError: one cannot be read now, which says nothing about its content.
        """
        for path in reversed(manifests_in(self.folder)):
            raw = read(path)
            if raw is None:
                continue
            try:
                manifest = None if self._condemned(path) else parsed(raw, path.name)
            except DamagedError:
                manifest = None
            yield path, manifest

    # -- removing -----------------------------------------------------------------------------------

    def prune(self, keep: Keep) -> None:
        """Remove the checkpoints whose sequence number ``keep(all, oldest first)`` does not return, and their files.

        Raises:
            JournalError: files cannot be removed.
        """
        try:
            with self._alone():
                there = self._list()
                kept = keep(there)
                for info in there:
                    if info.seq not in kept:
                        info.path.unlink(missing_ok=True)
                self._clean(None)
        except OSError as error:
            raise as_ours(error, "old checkpoints could not be removed") from None

    def keep_only(self, journal: str) -> None:
        """Remove the checkpoints of every other journal, and their parts. Raises as :meth:`prune`."""
        try:
            if any(manifest is not None and manifest.journal != journal for _, manifest in self._manifests()):
                with self._alone():
                    self._clean(journal)
        except OSError as error:
            raise as_ours(error, "checkpoints could not be removed") from None

    def _clean(self, journal: str | None) -> None:
        """Remove what is torn, damaged, of another journal (when one is named), and parts that nothing names."""
        named: set[str] = set()
        gone = [*self.folder.glob(f"*{TMP}"), *self.segments.glob(f"*{TMP}")]
        for path, manifest in self._manifests():
            if manifest is None or (journal is not None and manifest.journal != journal):
                gone.append(path)
            else:
                named.update(piece.path(self.segments).name for piece in manifest.parts.values())
        for path in gone:
            path.unlink(missing_ok=True)
            self._judged.pop(path.name, None)
        # Manifests first and for good: one that outlives its parts would be called damaged.
        sync(self.folder)
        for path in self.segments.glob(f"*{SUFFIX}"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process, and one thread of it, writes or removes at a time."""
        self.segments.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _info(path: Path, manifest: Manifest) -> Info:
    return Info(manifest.seq, manifest.received_at, manifest.bytes, path, manifest.journal)
