"""Roles that see releases alone cannot reach the analytic map by any route there is."""

import re

import pytest

from api.access import SEES_ANALYSIS
from engine.service.access import ROLES
from tests.api.fake_engine import CASE

ANALYTIC = ("hexes", "hex_why", "hex_days", "infectious_places", "at")
KNOWN = {
    "cell": "8965b56628fffff",
    "person": CASE,
    "kind": "case",
    "z": "12",
    "x": "3261",
    "y": "1925",
    "collection": "risk-hexes",
    "feature": "8965b56628fffff",
}
QUERIES = (
    "",
    "?resolution=9",
    "?bbox=106,10,107,11",
    "?at=2021-07-09T02:30:00Z",
    "?as_of=5",
    "?from=2021-07-09&to=2021-07-10",
    "?format=arrow",
    "?datetime=2021-07-09T02:30:00Z",
    "?tier=district",
)


def paths_of(app):
    for path, item in app.openapi()["paths"].items():
        if "get" in item and path != "/v1/stream":
            plain = re.sub(r"\{(\w+)\}", lambda m: KNOWN.get(m[1], "x"), path)
            yield plain
            if "{collection}" in path:
                yield plain.replace("risk-hexes", "exposure-places").replace(KNOWN["feature"], "market")


@pytest.mark.parametrize("role", sorted(set(ROLES) - SEES_ANALYSIS))
def test_no_route_leads_to_the_analytic_map(app, call, engine, role):
    walked = list(paths_of(app))
    assert "/v1/risk/hexes" in walked
    for path in walked:
        for query in QUERIES:
            reply = call.get(path + query, role=role)
            assert not set(ANALYTIC) & set(engine.asked), (path, query)
            assert reply.status_code < 500, (path, query)
            for secret in (CASE, "8965b56628fffff"):
                assert secret not in reply.text or (
                    reply.status_code == 200 and path.startswith(("/docs", "/openapi"))
                ), path


@pytest.mark.parametrize("role", sorted(SEES_ANALYSIS))
def test_staff_reach_it_by_all_of_them(call, engine, role):
    for path in (
        "/v1/risk/hexes",
        "/v1/risk/hexes/8965b56628fffff",
        "/v1/risk/hexes/days?from=2021-07-09&to=2021-07-10",
        "/v1/ogc/collections/risk-hexes/items",
    ):
        engine.asked.clear()
        assert call.get(path, role=role).status_code == 200
        assert set(ANALYTIC) & set(engine.asked), path


def test_what_one_role_was_told_another_is_not(call, engine):
    """Replies are kept by role: ask as staff first, then as the public, by the same addresses."""
    for path in ("/v1/risk/hexes", "/v1/ogc/collections/risk-hexes/items"):
        staff = call.get(path, role="officer")
        public = call.get(path, role="map")
        assert staff.text != public.text
        assert call.get(path, role="map").text == public.text
        assert staff.headers["etag"] != public.headers["etag"]
        assert call.get(path, role="map", headers={"If-None-Match": staff.headers["etag"]}).status_code == 200
