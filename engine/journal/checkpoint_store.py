"""Part files in one folder, each named after its content: what is there already is not written again."""

import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.journal.checkpoint_disk import put
from engine.journal.checkpoint_parts import Buffer, DamagedError, Part, Piece, laid_out, piece_of, verify

Held = Callable[[], object]


class PartStore:
    """The part files in ``folder``, and which of them this process knows to be good. For one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, tuple[Held, Piece]] = {}
        self._trusted: set[Piece] = set()

    def trust(self, pieces: Iterable[Piece]) -> None:
        """These files have just been verified."""
        self._trusted.update(pieces)

    def distrust(self) -> None:
        """A file turned out damaged: whatever is stored next is compared with the disk first."""
        self._written, self._trusted = {}, set()

    def adopt(self, name: str, token: object, piece: Piece) -> None:
        """This file holds what a part of this name and token would be."""
        self._written[name] = (_held(token), piece)

    def store(self, parts: Iterable[Part], fresh: list[Path]) -> dict[str, Piece]:
        """Part files by name; appends to ``fresh`` the files this call made."""
        pieces: dict[str, Piece] = {}
        written: dict[str, tuple[Held, Piece]] = {}
        for part in parts:
            if part.name in pieces:
                raise ValueError(f"two parts of a checkpoint are called {part.name}")
            piece = self._known(part) or self._stored(laid_out(part), fresh)
            pieces[part.name] = piece
            if part.token is not None:
                written[part.name] = (_held(part.token), piece)
        self._written = written
        return pieces

    def _known(self, part: Part) -> Piece | None:
        """The file of the same name and token, if it is still there."""
        token, piece = self._written.get(part.name, (None, None))
        if part.token is None or token is None or piece is None or not _same(token(), part.token):
            return None
        return piece if piece.path(self.folder).exists() else None

    def _stored(self, buffers: list[Buffer], fresh: list[Path]) -> Piece:
        piece = piece_of(buffers)
        path = piece.path(self.folder)
        if not self._holds(path, piece):
            fresh.append(path)
            put(path, buffers)
        self._trusted.add(piece)
        return piece

    def _holds(self, path: Path, piece: Piece) -> bool:
        """Whether this content is on disk already; a file nobody here has verified is read first."""
        if not path.exists():
            return False
        try:
            if piece not in self._trusted:
                verify(path, piece)
        except DamagedError:
            return False
        return True


def _held(token: object) -> Held:
    """A way to the token that does not keep it in memory, where its type allows that."""
    try:
        return weakref.ref(token)
    except TypeError:
        return lambda: token


def _same(known: object, token: object) -> bool:
    return known is token or (isinstance(token, str | int | bytes | tuple) and known == token)
