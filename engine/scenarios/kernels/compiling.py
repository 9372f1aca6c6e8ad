"""How the kernels of a run are compiled.

They hand tuples of arrays to each other. Numba counts references to every array at every call, with an atomic addition
each: that was nine tenths of the time of a run. Kernels that make no arrays need no counting: whoever calls ``run``
holds them all.

Numba keeps what it compiled as long as the file of a kernel is the same, whatever changes in the files of those that it
calls: another version of the program would go on with parts of the last one. So all sources are in the stamp of each.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from engine import kernels
from engine.scenarios import streams

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
_FOLDERS = (Path(__file__).parent, *map(Path, kernels.__path__))
_FILES = [*(file for folder in _FOLDERS for file in sorted(folder.glob("*.py"))), Path(streams.__file__)]
SOURCES = hashlib.sha256(b"\0".join(file.read_bytes() for file in _FILES)).hexdigest()
"""SHA-256 (hex) of everything that kernels of a run are made of."""


def kernel(function: Callable[..., Any]) -> Any:
    """A kernel of a run: it makes no array, not even for a moment."""
    return _stamped(njit(**_OPTIONS)(function))


def inlined(function: Callable[..., Any]) -> Any:
    """A small one, called often: a call would hand over more numbers than it works on."""
    return _stamped(njit(**_OPTIONS, forceinline=True)(function))


def _stamped(compiled: Any) -> Any:
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)  # none where compiling is switched off
    if file is not None:
        file._source_stamp = (SOURCES, file._source_stamp)
    return compiled
