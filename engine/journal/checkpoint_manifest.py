"""The manifest of a checkpoint: which parts it has, in which files, with a checksum of its own."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.journal.checkpoint_parts import DamagedError, Piece

VERSION = 1
NAME = re.compile(r"(\d{12,})\.json")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """A checkpoint: the state after batch ``seq`` (received at ``received_at``, UTC s) of one journal."""

    journal: str
    seq: int
    received_at: int
    parts: Mapping[str, Piece]
    """Part files by the name of the part, in the order written."""

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.seq:012d}.json"

    @property
    def bytes(self) -> int:
        """Size of its parts; files shared with other checkpoints count in full."""
        return sum(piece.bytes for piece in self.parts.values())


def rendered(manifest: Manifest) -> bytes:
    """The manifest as the bytes of its file."""
    parts = [{"name": name, "digest": p.digest, "bytes": p.bytes} for name, p in manifest.parts.items()]
    body = {
        "version": VERSION,
        "journal": manifest.journal,
        "seq": manifest.seq,
        "received_at": manifest.received_at,
        "parts": parts,
    }
    return _sealed(body)


def parsed(raw: bytes, name: str) -> Manifest:
    """The manifest in a file of this name.

    Raises:
        DamagedError: it is not what was written, or a newer release wrote it.
    """
    try:
        document = json.loads(raw)
        body = document["checkpoint"]
        version = int(body["version"])
    except (ValueError, KeyError, TypeError):
        raise DamagedError("the manifest is torn or damaged") from None
    if version > VERSION:
        # Asked before the checksum, which another format may form in another way.
        raise DamagedError(f"it has format {version}, of a newer release (this one reads {VERSION})")
    try:
        parts = {part["name"]: Piece(part["digest"], part["bytes"]) for part in body["parts"]}
        manifest = Manifest(body["journal"], body["seq"], body["received_at"], parts)
        # Byte for byte, so that nothing in the file can differ unnoticed.
        sound = _sealed(body) == raw and manifest.name == name
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound or not all(DIGEST.fullmatch(piece.digest) for piece in parts.values()):
        raise DamagedError("the manifest is damaged (checksum)")
    return manifest


def manifests_in(folder: Path) -> list[Path]:
    """Manifest files, highest sequence number first; none where there is no folder."""
    if not folder.is_dir():
        return []
    found = [(int(match[1]), path) for path in folder.iterdir() if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def _sealed(body: Any) -> bytes:
    checksum = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps({"checkpoint": body, "checksum": checksum}, indent=1).encode()
