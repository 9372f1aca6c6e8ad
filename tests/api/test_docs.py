"""docs/api.md tells of every route and every problem code."""

import re
from pathlib import Path

from api.problems import STATUS

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


def test_every_route_has_a_command_to_copy(call):
    asked = {re.sub(r"[\"?].*", "", url) for url in re.findall(r'\$API(/[^\s"]*)', TEXT)}
    for path in call.get("/openapi.json").json()["paths"]:
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        assert any(re.fullmatch(pattern, url) for url in asked), path


def test_every_problem_code_is_told_with_its_status():
    told = dict.fromkeys(STATUS, "")
    for statuses, codes in re.findall(r"^\| ([\d, ]+) \| (`.*`) \|$", TEXT, re.M):
        for code in re.findall(r"`(\w+)`", codes):
            told[code] = statuses
    assert {code for code, status in STATUS.items() if str(status) not in told[code]} == set()
