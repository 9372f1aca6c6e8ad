"""Roles, and the tokens that stand for them.

The tokens live in ``DIR/tokens.json`` as ``{role: token}``, readable by its owner alone. A token is the whole
of a caller's identity here: whoever holds it acts in its role.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from engine.errors import UnreadableFileError

ROLES: tuple[str, ...] = ("officer", "map", "epidemiologist", "feed", "admin")
"""Every role, in the order in which they are shown."""
TOKENS_FILE = "tokens.json"
TOKEN_BYTES = 32
"""Random bytes of a new token (43 characters of URL-safe base64)."""
MIN_TOKEN = 16
"""Shortest token accepted from a file, in characters."""


def make_tokens() -> dict[str, str]:
    """A fresh token for every role, not stored anywhere."""
    return {role: secrets.token_urlsafe(TOKEN_BYTES) for role in ROLES}


def load_or_make_tokens(data: Path) -> dict[str, str]:
    """The tokens of the data folder, made at first use; roles the file lacks are added to it.

    The folder is made if it is missing, and the file's mode is always put back to 600. Several processes may
    start at once: one of them makes the file, all of them read it.

    Raises:
        UnreadableFileError: the folder cannot be made or written to; or the file is not a JSON object of
            role: token, a token is short, shared, or cannot stand in a header.
    """
    path = data / TOKENS_FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write(path, make_tokens(), replace=False)
    except OSError as error:
        raise UnreadableFileError(f"{data}: {error.strerror}; give a folder that can be written to") from None
    tokens = _read(path)
    missing = {role: token for role, token in make_tokens().items() if role not in tokens}
    if missing:
        tokens |= missing
        _write(path, tokens, replace=True)
    if path.stat().st_mode & 0o777 != 0o600:
        try:
            path.chmod(0o600)
        except OSError as error:
            raise UnreadableFileError(f"{path}: {error.strerror}; others may read it, and it cannot be kept") from None
    return {role: tokens[role] for role in ROLES}


def role_of(tokens: Mapping[str, str], presented: str) -> str | None:
    """The role whose token is ``presented``, or None.

    Every token is compared, each in constant time, so that the time taken says nothing about any of them.
    """
    given = presented.encode("utf-8", "surrogateescape")
    found: str | None = None
    for role, token in tokens.items():
        if secrets.compare_digest(token.encode(), given):
            found = role
    return found


def curl_line(base_url: str, path: str, token: str) -> str:
    """A ``curl`` command that can be pasted into a shell and asks ``path`` with ``token``."""
    return f"curl -H 'Authorization: Bearer {token}' '{base_url}{path}'"


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise UnreadableFileError(f"{path} is not JSON; delete it and new tokens are made") from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise UnreadableFileError(f'{path} must be {{"role": "token", ...}}; delete it and new ones are made')
    tokens = {role: token for role, token in found.items() if role in ROLES}
    for role, token in tokens.items():
        if len(token) < MIN_TOKEN:
            raise UnreadableFileError(f"{path}: the token of {role} has fewer than {MIN_TOKEN} characters")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UnreadableFileError(f"{path}: the token of {role} may hold ASCII letters, digits and signs only")
    if len(set(tokens.values())) < len(tokens):
        raise UnreadableFileError(f"{path}: two roles share one token; give each its own")
    return tokens


def _write(path: Path, tokens: Mapping[str, str], replace: bool) -> None:
    """All or nothing: a new file beside, flushed to disk, then one link or rename."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(dict(tokens), out, indent=2)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        if replace:
            beside.replace(path)
        else:
            _link_if_new(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _link_if_new(beside: Path, path: Path) -> None:
    try:
        os.link(beside, path)
    except FileExistsError:
        return  # another process was first; its tokens hold
