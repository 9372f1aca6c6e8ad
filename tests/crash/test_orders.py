"""The same events in ten random orders and batchings: thirty thousand, or a million in the long form."""

from tests.crash.orders import differences
from tests.crash.scale import LONG


def test_ten_orders_give_the_same_bytes():
    assert differences(events=1_000_000 if LONG else 30_000, orders=10) == []
