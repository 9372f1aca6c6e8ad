"""How a natural key packs into integers: shared by segments and kernels."""

SECOND_BITS = 17
"""Bits of a second of the day."""
SECOND_MASK = (1 << SECOND_BITS) - 1
