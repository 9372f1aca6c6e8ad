"""``/v1/persons``: one person now, the contacts behind it, the chains that lead to it."""

from fastapi import APIRouter, Depends, Request, Response

from api.access import Engine, allow
from api.describe import answers
from api.examples.replies import CHAINS, CONTACTS, PERSON
from api.pages import page_of
from api.parameters import AsOf, Case, Depth, From, Page, Policy, To, Until
from api.past import view_of
from api.present.rows import (
    chain_identity,
    chain_row,
    contact_identity,
    contact_row,
    person_body,
)
from api.present.wire import json_reply, state_headers
from api.replies import Keeping

router = APIRouter(prefix="/v1/persons", tags=["persons"], dependencies=[Depends(allow("persons"))])
_PROBLEMS = ("bad_parameter", "unauthorized", "forbidden", "unknown_person", "not_ready")


@router.get(
    "/{person:id}/contacts",
    summary="Whom a person met",
    responses=answers(CONTACTS, *_PROBLEMS, "unknown_policy"),
)
def contacts(
    request: Request, engine: Engine, person: str, page: Page, start: From = None, end: To = None, policy: Policy = None
) -> Response:
    """Every contact that the policy counts, with its evidence, by time."""
    keeping = Keeping(request, engine, engine)
    found = engine.contacts(person, start, end, policy)
    shown = page_of(found, page.rows(), page.cursor, contact_identity)
    rows = [contact_row(contact) for contact in shown.rows]
    keeping.made()
    body = {"person": person, "as_of": keeping.as_of, "contacts": rows, "next": shown.next}
    return json_reply(body, state_headers(keeping.as_of))


@router.get(
    "/{person:id}/chains",
    summary="Why a person has a level",
    responses=answers(CHAINS, *_PROBLEMS, "unknown_case", "unknown_policy"),
)
def chains(
    request: Request,
    engine: Engine,
    person: str,
    page: Page,
    case: Case = None,
    policy: Policy = None,
    until: Until = None,
    depth: Depth = 3,
) -> Response:
    """Witness chains from cases to the person, best first, each step with its contacts."""
    keeping = Keeping(request, engine, engine)
    found = engine.chains(person, case, policy, until, depth)
    shown = page_of(found, page.rows(), page.cursor, chain_identity)
    rows = [chain_row(chain) for chain in shown.rows]
    keeping.made()
    body = {"person": person, "as_of": keeping.as_of, "chains": rows, "next": shown.next}
    return json_reply(body, state_headers(keeping.as_of))


@router.get("/{person:id}", summary="A person now", responses=answers(PERSON, *_PROBLEMS, "history_gone", "journal"))
def person_now(request: Request, engine: Engine, person: str, as_of: AsOf = None) -> Response:
    """Level over all cases (0: is an F0, null: none), the exposure behind it, and the dated facts."""
    view = view_of(engine, as_of)
    keeping = Keeping(request, engine, view)
    report = view.person(person)
    keeping.made(report.as_of)
    return json_reply(person_body(report), state_headers(report.as_of))
