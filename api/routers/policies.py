"""``/v1/policies``: the contact definitions there are."""

from fastapi import APIRouter, Depends, Response

from api.access import Engine, allow
from api.describe import answers
from api.examples.replies import POLICIES
from api.pages import page_of
from api.parameters import Page
from api.present.rows import policy_row
from api.present.wire import json_reply

router = APIRouter(tags=["policies"], dependencies=[Depends(allow("policies"))])


@router.get(
    "/v1/policies",
    summary="Contact policies",
    responses=answers(POLICIES, "bad_parameter", "unauthorized", "forbidden", "not_ready"),
)
def policies(engine: Engine, page: Page) -> Response:
    """Each policy with its date, its source and every number in it."""
    shown = page_of(engine.policies(), page.rows(), page.cursor, lambda policy: policy.name)
    rows = [policy_row(policy) for policy in shown.rows]
    return json_reply({"policies": rows, "as_of": engine.as_of, "next": shown.next})
