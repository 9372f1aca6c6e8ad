"""The service's records as JSON objects, field by field as the wire contract names them.

Rows of a trace are ``engine.service.present.rows``: the command line writes the same.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import orjson

from api.present.wire import detail, moment
from engine.service.board_report import BoardRows
from engine.service.present.rows import exposure_row
from engine.service.results import (
    BoardRow,
    CaseRow,
    Chain,
    ChainLink,
    Cluster,
    ContactRow,
    IngestReply,
    PersonReport,
    Rejection,
)
from engine.texts import TEXTS, Lang, say


def reply_body(reply: IngestReply, lang: Lang, rejected_total: int) -> dict[str, object]:
    """What became of a body. Details name the field as the engine does; Vietnamese says the reason first.

    ``rejected_total`` is told only when the list was cut.
    """
    body: dict[str, object] = {
        "accepted": reply.accepted,
        "duplicates": reply.duplicates,
        "rejected": [{"row": r.row, "code": r.code, "detail": _reason(r, lang)} for r in reply.rejected],
        "as_of": reply.as_of,
    }
    if rejected_total > len(reply.rejected):
        body["rejected_total"] = rejected_total
    return body


def _reason(rejection: Rejection, lang: Lang) -> str:
    key = f"reject.{rejection.code}"
    if lang == "en" or key not in TEXTS:
        return rejection.detail
    return f"{say(key, lang)} ({rejection.detail})"


def board_json(rows: Sequence[BoardRow], as_of: int, next_cursor: str | None) -> bytes:
    """A page of the board."""
    if isinstance(rows, BoardRows):
        return b'{"board":[%s],"as_of":%d,"next":%s}' % (rows.json(), as_of, orjson.dumps(next_cursor))
    return orjson.dumps({"board": [board_row(row) for row in rows], "as_of": as_of, "next": next_cursor})


def board_row(row: BoardRow) -> dict[str, object]:
    """Somebody with a level."""
    return {
        "person": row.person,
        "level": row.level,
        "since": moment(row.since),
        "via": row.via,
        "case": row.case,
        "channels": list(row.channels),
        "changed_as_of": row.changed_as_of,
    }


def case_row(case: CaseRow) -> dict[str, object]:
    """An F0."""
    return {
        "person": case.person,
        "confirmed_at": moment(case.confirmed_at),
        "onset_at": moment(case.onset_at),
        "sampled_at": moment(case.sampled_at),
        "isolated_at": moment(case.isolated_at),
        "window": {"start": moment(case.window.start), "end": moment(case.window.end)},
        "policy": case.policy,
        "sources": list(case.sources),
        "counts": dict(case.counts),
    }


def contact_row(contact: ContactRow) -> dict[str, object]:
    """A contact with its evidence."""
    return {
        "person": contact.person,
        "other": contact.other,
        "t_start": moment(contact.t_start),
        "t_end": moment(contact.t_end),
        "seconds": contact.seconds,
        "channel": contact.channel,
        "place": contact.place,
        "cell": contact.cell,
        "attenuation_db": contact.attenuation_db,
        "distance_m": contact.distance_m,
        "weight": contact.weight,
        "evidence": [detail(event) for event in contact.evidence],
    }


def contact_identity(contact: ContactRow) -> tuple[object, ...]:
    """What tells two contacts of one person apart."""
    return contact.t_start, contact.other, contact.channel, contact.place, contact.cell


def chain_row(chain: Chain) -> dict[str, object]:
    """A witness chain, from the case to the person."""
    return {
        "case": chain.case,
        "person": chain.person,
        "level": chain.level,
        "probability": round(chain.probability, 9),
        "links": [_link(link) for link in chain.links],
    }


def chain_identity(chain: Chain) -> tuple[object, ...]:
    """What tells two chains to one person apart."""
    return chain.case, tuple((link.source, link.person) for link in chain.links)


def _link(link: ChainLink) -> dict[str, object]:
    return {
        "source": link.source,
        "person": link.person,
        "level": link.level,
        "first_exposed_at": moment(link.first_exposed_at),
        "minutes": round(link.minutes, 4),
        "probability": round(link.probability, 9),
        "contacts": [contact_row(contact) for contact in link.contacts],
    }


def cluster_row(cluster: Cluster, names_people: bool) -> dict[str, object]:
    """A shared place; ``cases`` (who) only for readers who may see people, ``case_count`` for all."""
    shown: dict[str, object] = {
        "place": cluster.place,
        "name": cluster.name,
        "kind": cluster.kind,
        "lat": cluster.lat,
        "lng": cluster.lng,
        "t_start": moment(cluster.t_start),
        "t_end": moment(cluster.t_end),
        "case_count": len(cluster.cases),
        "person_seconds": cluster.person_seconds,
    }
    return shown | {"cases": list(cluster.cases)} if names_people else shown


def person_body(report: PersonReport) -> dict[str, object]:
    """A person now: level, why, dated facts."""
    because = None
    if report.because is not None:
        because = {"case": report.because_case} | exposure_row(report.because)
    return {
        "person": report.person,
        "as_of": report.as_of,
        "level": report.level,
        "is_case": report.is_case,
        "isolated_at": moment(report.isolated_at),
        "because": because,
        "timeline": [{"at": moment(e.at), "what": e.what, "detail": detail(e.detail)} for e in report.timeline],
    }


def policy_row(policy: Any) -> dict[str, object]:
    """A contact policy: the plain fields of its dataclass (sets as sorted lists)."""
    shown: dict[str, object] = {}
    for name in (f.name for f in fields(policy)):
        value = getattr(policy, name)
        shown[name] = sorted(value) if isinstance(value, set | frozenset) else value
    return shown
