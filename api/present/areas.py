"""Official levels of areas as JSON and CSV."""

import hashlib

import orjson
from fastapi import Response

from api.negotiate import MEDIA
from api.pages import Page, page_of
from api.present.wire import moment
from engine.service.levels import LevelsReport
from engine.service.present.levels import area_row, csv_rows
from engine.texts import Lang

FORMATS = ("json", "csv")


def etag_of(*asked: object) -> str:
    """A weak ETag of everything the reply depends on."""
    return f'W/"{hashlib.blake2b(repr(asked).encode(), digest_size=12).hexdigest()}"'


def areas_headers(report: LevelsReport, public: bool, etag: str) -> dict[str, str]:
    """Headers of the levels, and of 304 in their place: keep them, but ask each time."""
    as_of = {} if public else {"As-Of": str(report.as_of)}
    return {
        "ETag": etag,
        **as_of,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Accept-Language, Authorization",
    }


def areas_csv(report: LevelsReport, lang: Lang, public: bool, headers: dict[str, str]) -> Response:
    """Every area and version a row."""
    return Response(csv_rows(report, lang, public), headers=headers, media_type=MEDIA["csv"])


def areas_json(
    report: LevelsReport, lang: Lang, public: bool, limit: int, cursor: str | None, headers: dict[str, str]
) -> Response:
    """One page of areas with their conditions, ordered by code.

    ``public``: without numbers of people, the number of the batch, and the moment within the slot.
    """
    order = range(len(report.areas))
    page: Page[int] = page_of(order, limit, cursor, lambda n: report.areas[n].code)
    rows = [area_row(report.areas[n], [r.levels[n] for r in report.readings], report, lang, public) for n in page.rows]
    body = {
        "tier": report.tier,
        "rules": report.rules.id,
        "instrument": report.rules.instrument,
        "day": report.day.isoformat(),
        "at": moment(report.published_at if public else report.at),
        **({} if public else {"as_of": report.as_of}),
        "versions": [r.variant for r in report.readings],
        "levels": [
            {"level": name.level, "name": name.name.of(lang), "colour": name.colour} for name in report.rules.levels
        ],
        "notes": [n.say(lang) for n in report.notes if not (public and n.counts_people)],
        "areas": rows,
        "next": page.next,
    }
    return Response(orjson.dumps(body), headers=headers, media_type=MEDIA["json"])
