"""``/v1/clusters``: places that two or more F0s shared."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.access import NAMES_PEOPLE, Engine, allow
from api.describe import answers
from api.examples.replies import CLUSTERS
from api.pages import page_of
from api.parameters import From, Page, Policy, To
from api.present.rows import cluster_row
from api.present.wire import json_reply, state_headers
from api.replies import Keeping

router = APIRouter(tags=["clusters"])
_PROBLEMS = ("bad_parameter", "unknown_policy", "unauthorized", "forbidden", "not_ready")


@router.get("/v1/clusters", summary="Shared places", responses=answers(CLUSTERS, *_PROBLEMS))
def clusters(
    request: Request,
    role: Annotated[str, Depends(allow("clusters"))],
    engine: Engine,
    page: Page,
    start: From = None,
    end: To = None,
    policy: Policy = None,
) -> Response:
    """Most cases first. `cases` names them for officers only; epidemiologists get `case_count`."""
    keeping = Keeping(request, engine, engine)
    found = engine.clusters(start, end, policy)
    shown = page_of(found, page.rows(), page.cursor, lambda c: (c.place, c.t_start, c.t_end))
    rows = [cluster_row(cluster, role in NAMES_PEOPLE) for cluster in shown.rows]
    keeping.made()
    body = {"as_of": keeping.as_of, "clusters": rows, "next": shown.next}
    return json_reply(body, state_headers(keeping.as_of))
