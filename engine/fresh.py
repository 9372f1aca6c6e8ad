"""Compiled kernels of older source, thrown away before anybody calls them.

Numba keeps what it compiled beside the source, and looks only whether that very file is as it was. But a kernel is made
of what its file imports as well: of other kernels, and of numbers that say how memory is laid out. Machine code of one
release that works on arrays laid out by another one would read and write where it must not.
"""

import hashlib
import json
import os
import re
from pathlib import Path

_IMPORT = re.compile(r"^from ([a-z_]+(?:\.\w+)*) import ([^(#\n]+|\([^)]*\))", re.MULTILINE)
_COMPILED = re.compile(r"^from numba|^import numba|engine\.kernels\.memory", re.MULTILINE)
NOTE = "kernels.json"
"""In ``__pycache__`` of the package: what its files looked like, and what each file with kernels was made of."""


def forget_stale(package: Path) -> list[Path]:
    """Remove what was compiled of files under ``package`` that are not, imports included, as they were; returns it.

    Never fails: who may not write there has numba keep its kernels elsewhere. Cost: 5 ms while nothing has changed.
    """
    note = package / "__pycache__" / NOTE
    files = sorted(package.rglob("*.py"))
    try:
        looks = _digest(*(f"{path} {(at := path.stat()).st_mtime_ns} {at.st_size}" for path in files))
        looked, noted = _noted(note)
        if looked == looks:
            return []
        made_of = made_of_each(package, files)
        stale = [
            kept
            for name, digest in made_of.items()
            if noted.get(name) != digest
            for kept in (package / name).parent.glob(f"__pycache__/{Path(name).stem}.*.nb[ic]")
        ]
        for kept in stale:
            kept.unlink(missing_ok=True)
        note.parent.mkdir(exist_ok=True)
        fresh = note.with_name(f"{NOTE}.{os.getpid()}")
        fresh.write_text(json.dumps({"looks": looks, "made_of": made_of}), "utf-8")
        fresh.replace(note)
    except (OSError, UnicodeDecodeError):
        return []
    return stale


def _noted(note: Path) -> tuple[str, dict[str, str]]:
    """What was noted last; nothing where there is no whole note."""
    try:
        held = json.loads(note.read_text("utf-8"))
        return str(held["looks"]), dict(held["made_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", {}


def made_of_each(package: Path, files: list[Path]) -> dict[str, str]:
    """Of each file with kernels, by its path in ``package``: a digest of it and of all that it imports from there."""
    text = {path: path.read_text("utf-8") for path in files}
    needs = {path: _imported(package, source) & text.keys() for path, source in text.items()}
    found = {}
    for path, source in text.items():
        if _COMPILED.search(source):
            seen, todo = {path}, [path]
            while todo:
                todo += (more := needs[todo.pop()] - seen)
                seen |= more
            found[path.relative_to(package).as_posix()] = _digest(*(text[one] for one in sorted(seen)))
    return found


def _imported(package: Path, source: str) -> set[Path]:
    """Files that ``source`` may import from: a name may be a module or stand in one."""
    found = set()
    for module, names in _IMPORT.findall(source):
        at = package.parent.joinpath(*module.split("."))
        found |= {at.with_suffix(".py"), at / "__init__.py"}
        found |= {at / f"{name}.py" for name in re.findall(r"\w+", names)}
    return found


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
