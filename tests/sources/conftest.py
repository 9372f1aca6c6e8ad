"""The server that tests of sources share."""

from tests.nats import nats_server

__all__ = ["nats_server"]
