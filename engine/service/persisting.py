"""A state as the parts of a checkpoint, and back."""

from collections.abc import Iterator

from engine.graph.saving import Piece
from engine.journal.checkpoint_parts import Part
from engine.journal.checkpoints import Checkpoints, Opened
from engine.service.state import Saved

REGISTER = "register/"


def parts_of(saved: Saved) -> Iterator[Part]:
    """The parts of a saved state. Nothing is copied but the kinds with few events."""
    yield Part("people", {"keys": saved.people}, {})
    yield Part("places", {"keys": saved.places}, {})
    for name, table in saved.registers.items():
        yield Part(f"{REGISTER}{name}", {"table": table}, {})
    for piece in saved.pieces:
        yield Part(f"graph/{piece.name}", dict(piece.columns), piece.meta, piece.token)


def saved_of(opened: Opened, ident: str) -> Saved:
    """The saved state in an opened checkpoint; its columns stay in the mapped files."""
    pieces, registers = [], {}
    for name, part in opened.parts.items():
        if name.startswith(REGISTER):
            registers[name.removeprefix(REGISTER)] = part.arrays["table"]
        elif name.startswith("graph/"):
            pieces.append(Piece(name.removeprefix("graph/"), part.arrays, part.meta, object()))
    people, places = (opened.parts[name].arrays["keys"] for name in ("people", "places"))
    return Saved(opened.seq, opened.received_at, ident, tuple(pieces), registers, people, places)


def adopt(checkpoints: Checkpoints, opened: Opened, saved: Saved) -> None:
    """Let the next checkpoint reuse the files of this one, for what has not changed since."""
    for piece in saved.pieces:
        if piece.token is not None:
            checkpoints.adopt(f"graph/{piece.name}", piece.token, opened.parts[f"graph/{piece.name}"])
