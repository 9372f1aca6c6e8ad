"""How the kernels of a run are compiled.

They hand tuples of arrays to each other. Numba counts references to every array at every call, with an atomic addition
each: that was nine tenths of the time of a run. Kernels that make no arrays need no counting: whoever calls ``run``
holds them all.
"""

from typing import Any

from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
kernel = njit(**_OPTIONS)
"""A kernel of a run: it makes no array, not even for a moment."""
inlined = njit(**_OPTIONS, forceinline=True)
"""A small one, called often: a call would hand over more numbers than it works on."""
