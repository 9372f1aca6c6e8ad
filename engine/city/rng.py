"""Counter-based randomness: a draw is a function of (seed, stream, block, day), never of what ran before."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a draw is for. Numbers are part of the format of a seed: never reuse one."""

    PEOPLE = 1
    PLACES = 2
    DAY = 3
    QR = 4
    FIXES = 5
    SPOTS = 6
    RADIO = 7
    COURSE = 8
    SEEDS = 9
    TRACING = 10
    SCREENING = 11
    TRANSMISSION = 12
    CASES = 13


def generator(seed: int, stream: Stream, block: int = 0, day: int = 0) -> np.random.Generator:
    """A Philox generator of its own for this (seed, stream, block, day)."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, int(stream), block, day))))


def kernel_key(seed: int, stream: Stream, day: int = 0) -> np.uint64:
    """A 64-bit key for the hash draws of the kernels."""
    return np.uint64(np.random.SeedSequence((seed, int(stream), day)).generate_state(1, np.uint64)[0])
