"""One good event of each kind, as a sender writes it: shown in the documentation, used by tests."""

EVENTS: dict[str, dict[str, object]] = {
    "bluetooth": {
        "person": "P-1042",
        "peer": "P-2077",
        "at": "2021-07-09T09:30:00+07:00",
        "duration_s": 300,
        "attenuation_db": 52.5,
    },
    "check_in": {
        "person": "P-1042",
        "place": "market-ben-thanh",
        "entered_at": "2021-07-09T08:05:00+07:00",
        "left_at": "2021-07-09T08:50:00+07:00",
    },
    "location": {
        "person": "P-1042",
        "at": "2021-07-09T09:00:00+07:00",
        "lat": 10.7725,
        "lng": 106.698,
        "accuracy_m": 12,
    },
    "place": {
        "place": "market-ben-thanh",
        "name": "Chợ Bến Thành",
        "kind": "market",
        "lat": 10.7725,
        "lng": 106.698,
        "area_m2": 13056,
        "indoor": True,
        "area_code": "26743",
    },
    "case": {
        "person": "P-1042",
        "confirmed_at": "2021-07-11T15:00:00+07:00",
        "onset_at": "2021-07-10T06:00:00+07:00",
        "sampled_at": "2021-07-11T08:00:00+07:00",
        "isolated_at": "2021-07-11T16:00:00+07:00",
    },
    "test_result": {
        "person": "P-2077",
        "sampled_at": "2021-07-12T08:00:00+07:00",
        "method": "pcr",
        "result": "positive",
        "resulted_at": "2021-07-12T20:00:00+07:00",
        "ct": 21.4,
    },
    "quarantine": {
        "person": "P-2077",
        "started_at": "2021-07-12T21:00:00+07:00",
        "ended_at": "2021-07-26T21:00:00+07:00",
        "mode": "central",
    },
}
"""Kind -> an event of it."""
