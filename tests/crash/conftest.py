"""What tests of faults share: servers that end with their test, and the private PostgreSQL and NATS."""

import pytest

from tests.crash.server import Server


@pytest.fixture
def server(tmp_path):
    """A server on an empty data folder, not started."""
    with Server(tmp_path / "data") as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One running server for the tests of a file."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as made:
        yield made.start()
