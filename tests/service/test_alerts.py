"""Alerts say who went from which level to which, and why, by key."""

from engine.exposure.board import Board
from engine.exposure.policies import policy_named
from engine.service.alerts import alerts
from tests.exposure.live import Live

T0 = 1_625_011_200


def test_every_change_is_told_with_its_reason() -> None:
    live, board = Live(), Board(policy_named("vn-2021-07"))
    live.tell("case", [{"person": "an", "onset_at": T0}])
    live.tell("check_in", [{"person": p, "place": "m", "entered_at": T0 + 60} for p in ("an", "bình")])
    live.tell(
        "bluetooth",
        [{"person": p, "peer": "bình", "at": T0 + at, "attenuation_db": 50.0} for p, at in (("an", 600), ("chi", 900))],
    )
    changes = board.update(live.state(), live.delta())
    told = alerts(board, live.people, changes, live.seq, T0 + 1000)
    common = {"from_level": None, "as_of": 3, "at": "2021-06-30T00:16:40Z"}
    because_b = {
        "via": "an", "case": "an", "first_exposed_at": "2021-06-30T00:01:00Z", "channels": ["bluetooth", "check_in"],
    }  # fmt: skip
    because_c = {
        "via": "bình", "case": "an", "first_exposed_at": "2021-06-30T00:15:00Z", "channels": ["bluetooth"],
    }  # fmt: skip
    assert told == [
        {"person": "an", "to_level": 0, "because": None, **common},
        {"person": "bình", "to_level": 1, "because": because_b, **common},
        {"person": "chi", "to_level": 2, "because": because_c, **common},
    ]


def test_who_leaves_the_board_is_told_without_a_reason() -> None:
    live, board = Live(), Board(policy_named("vn-2021-07"))
    live.tell("case", [{"person": "an", "onset_at": T0}])
    board.update(live.state(), live.delta())
    live.tell("case", [{"person": "an", "retract": True}])
    told = alerts(board, live.people, board.update(live.state(), live.delta()), live.seq, T0)
    assert [(a["person"], a["from_level"], a["to_level"], a["because"]) for a in told] == [("an", 0, None, None)]
    assert alerts(board, live.people, [], 2, T0) == []
