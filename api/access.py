"""Who may do what: bearer token -> role -> allowed routes. One table, asked before anything else."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Annotated, Literal

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.parameters import check_declared
from api.port import EnginePort
from api.problems import ProblemError, not_ready
from engine.service.access import role_of

Action = Literal["post_events", "persons", "clusters", "hexes", "policies", "scenarios", "run_scenarios"]
ALLOWED: dict[Action, frozenset[str]] = {
    "post_events": frozenset({"feed", "officer", "admin"}),
    "persons": frozenset({"officer"}),
    "clusters": frozenset({"officer", "epidemiologist"}),
    "hexes": frozenset({"officer", "epidemiologist", "map", "admin"}),
    "policies": frozenset({"officer", "epidemiologist", "admin"}),
    "scenarios": frozenset({"officer", "epidemiologist"}),
    "run_scenarios": frozenset({"epidemiologist"}),
}
"""Action -> roles. ``persons`` is every reply that names people, cases among them."""
OFFICER_KINDS = frozenset({"case", "test_result", "quarantine"})
"""Events an officer writes by hand; sightings and places come from feeds."""
NAMES_PEOPLE = frozenset({"officer"})
"""Roles for which a cluster lists its cases; others get their number."""

SEES_ANALYSIS = frozenset({"officer", "epidemiologist"})
"""Roles that see the unsuppressed map; others see the newest release."""
NAMES_PEOPLE_ON_MAPS = frozenset({"officer"})
"""Roles that learn who is behind a cell, and where F0s were."""
COUNTS_CASES = frozenset({"officer", "admin"})
"""Roles that are told the live number of cases among what is counted for operators."""
_THROUGH = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"})
"""Headers of requests that a proxy has passed on: they come from elsewhere, whatever their address says."""

_scheme = HTTPBearer(auto_error=False, description="A token of `tokens.json` in the server's data folder")


def engine_of(request: Request) -> EnginePort:
    """The engine behind this application."""
    engine: EnginePort = request.app.state.engine
    return engine


async def _engine(request: Request) -> EnginePort:
    return engine_of(request)


Engine = Annotated[EnginePort, Depends(_engine)]


def allow(action: Action) -> Callable[..., Awaitable[str]]:
    """A dependency that gives the caller's role if it may do ``action``.

    Raises (from the dependency):
        ProblemError: 401 without a known token, 403 for a role not allowed, 503 while not ready.
    """

    async def check(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)]) -> str:
        role = role_of(request.app.state.tokens, bearer.credentials) if bearer is not None else None
        if role is None:
            raise ProblemError("unauthorized", headers={"WWW-Authenticate": 'Bearer realm="truyvet"'})
        if role not in ALLOWED[action]:
            raise ProblemError("forbidden")
        check_declared(request)
        engine = engine_of(request)
        if not engine.ready:
            raise not_ready(engine.share)
        return role

    return check


async def _counts_cases(request: Request) -> bool:
    bearer = await _scheme(request)
    role = None if bearer is None else role_of(request.app.state.tokens, bearer.credentials)
    return role in COUNTS_CASES or (_from_here(request) and not _THROUGH & set(request.headers))


def _from_here(request: Request) -> bool:
    try:
        caller = ip_address("" if request.client is None else request.client.host)
    except ValueError:
        return False
    return (getattr(caller, "ipv4_mapped", None) or caller).is_loopback


CountsCases = Annotated[bool, Depends(_counts_cases)]
"""Whether the caller may know how many cases there are now: by token, or as a process of this machine."""


def sees_analysis(role: str) -> bool:
    """Whether the role sees the analytic map, or only what was released."""
    return role in SEES_ANALYSIS


MapRole = Annotated[str, Depends(allow("hexes"))]
"""The caller's role, of those that may see a map."""


def check_kind(role: str, kind: str) -> None:
    """Whether ``role`` may post events of ``kind``.

    Raises:
        ProblemError: 403, naming the kinds that it may.
    """
    if role == "officer" and kind not in OFFICER_KINDS:
        raise ProblemError("forbidden", "forbidden_kind", kinds=", ".join(sorted(OFFICER_KINDS)))
