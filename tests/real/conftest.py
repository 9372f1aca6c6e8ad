"""Real data in place: a test that needs them skips, with the reason, where they are absent."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from benchmarks import real_sets
from benchmarks.real_sets import MissingDataError, Radio, World

T = TypeVar("T")


def present(load: Callable[[], T]) -> T:
    try:
        return load()
    except MissingDataError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session", autouse=True)
def loaded_once() -> Iterator[None]:
    """Loaded sets are shared by the modules here, and let go after the last."""
    yield
    for load in (real_sets.ward, real_sets.school, real_sets.haslemere, real_sets.radio):
        load.cache_clear()


@pytest.fixture(scope="session")
def ward() -> World:
    return present(real_sets.ward)


@pytest.fixture(scope="session")
def school() -> World:
    return present(real_sets.school)


@pytest.fixture(scope="session")
def haslemere() -> World:
    return present(real_sets.haslemere)


@pytest.fixture(scope="session")
def radio() -> dict[str, Radio]:
    return present(lambda: {position: real_sets.radio(position) for position in real_sets.POSITIONS})
