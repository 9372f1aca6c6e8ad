"""A small world of which two cells can be published on Monday, 12 July 2021, at eight."""

from engine.clock import DAY, HOUR, from_rfc3339

MONDAY = from_rfc3339("2021-07-12T00:00:00+07:00")
EIGHT = MONDAY + 8 * HOUR
LAST = MONDAY - 2 * DAY
"""End of the window that is due on Monday at eight."""
HALLS = [("hall-0", 10.77, 106.69), ("hall-1", 10.80, 106.72)]


def crowd(place: str, people: int, cases: int, at: int, first: int = 0):
    told = []
    for n in range(first, first + people):
        told.append(("check_in", {"person": f"p{n}", "place": place, "entered_at": at, "left_at": at + HOUR}))
        if n < first + cases:
            told.append(("case", {"person": f"p{n}", "onset_at": at, "confirmed_at": at + DAY}))
    return told


PLACES = [("place", {"place": p, "kind": "market", "lat": lat, "lng": lng}) for p, lat, lng in HALLS]
TICK = [("location", {"person": "late", "at": MONDAY, "lat": 10.77, "lng": 106.69, "accuracy_m": 5.0})]
"""Nothing in the window: only tells that there is data up to Monday."""
WORLD = [*PLACES, *crowd("hall-0", 14, 7, LAST - DAY), *crowd("hall-1", 11, 6, LAST - HOUR, 50), *TICK]
