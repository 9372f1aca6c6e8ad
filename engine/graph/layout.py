"""How a natural key packs into integers: shared by segments and kernels."""

from engine.kernels.radix import SECOND_BITS

__all__ = ["SECOND_BITS", "SECOND_MASK"]

SECOND_MASK = (1 << SECOND_BITS) - 1
