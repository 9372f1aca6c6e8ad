"""What became of one file of a watched folder, as the report that lies beside it."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.clock import to_rfc3339
from engine.sources.source import Reply

KEPT_ROWS = 1_000
"""Refused rows that a report lists one by one; all are counted."""


class FileStory:
    """Grows while a file is read."""

    def __init__(self, path: Path, kind: str | None) -> None:
        self.path, self.kind = path, kind
        self.accepted = self.duplicates = 0
        self.as_of: int | None = None
        self._codes: Counter[str] = Counter()
        self._rows: list[dict[str, Any]] = []
        self._error: str | None = None
        self._sha256: str | None = None
        self._began = perf_counter()

    @property
    def rejected(self) -> int:
        """Rows refused so far."""
        return self._codes.total()

    def digest(self) -> None:
        """Note the file's sha256.

        Raises:
            OSError: it cannot be read.
        """
        with self.path.open("rb") as file:
            self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()

    def add(self, reply: Reply) -> None:
        """Count one batch."""
        self.accepted += reply.accepted
        self.duplicates += reply.duplicates
        self.as_of = reply.as_of
        self._codes.update(r.code for r in reply.rejected)
        for r in reply.rejected[: KEPT_ROWS - len(self._rows)]:
            self._rows.append({"row": r.row, "code": r.code, "detail": r.detail})

    def failed(self, why: str) -> None:
        """Say why it could not be read to its end."""
        self._error = why

    def as_json(self, now: int) -> bytes:
        """The report, read by people and programs."""
        document = {
            "file": self.path.name,
            "kind": self.kind,
            "sha256": self._sha256,
            "at": to_rfc3339(now),
            "seconds": round(perf_counter() - self._began, 3),
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": dict(sorted(self._codes.items())),
            "rejected_rows": self._rows,
            "as_of": self.as_of,
            "error": self._error,
        }
        # Names of files are bytes of any kind.
        return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
