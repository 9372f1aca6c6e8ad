"""In which format a reply goes out: ``?format=`` or ``Accept``."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

from api.language import weighted
from api.problems import ProblemError

MEDIA: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html",
    "mvt": "application/vnd.mapbox-vector-tile",
}
"""Short name of each format -> its media type."""


def best_format(accept: str, offered: tuple[str, ...]) -> str | None:
    """The format of ``offered`` that ``Accept`` likes best, or None; the first one when it does not say.

    A wildcard stands for the first format offered that the header does not forbid (``q=0``).
    """
    wanted = weighted(accept)
    if not wanted:
        return offered[0]
    refused = {name for name, weight in wanted if weight <= 0}
    by_media: Mapping[str, str] = {MEDIA[f]: f for f in offered if MEDIA[f] not in refused}
    for name, weight in wanted:
        if weight <= 0:
            continue
        family = name[:-1] if name.endswith("/*") and name != "*/*" else None
        for media, short in by_media.items():
            if name in (media, "*/*") or (family is not None and media.startswith(family)):
                return short
    return None


def chosen_format(request: HTTPConnection, asked: str | None, offered: tuple[str, ...]) -> str:
    """The format of the reply: ``?format=`` if given, else what ``Accept`` likes best of ``offered``.

    Raises:
        ProblemError: 400 for an unknown ``format``, 406 when ``Accept`` allows none of those offered.
    """
    if asked is not None:
        if asked.lower() not in offered:
            raise ProblemError("bad_parameter", "bad_format", offered=", ".join(offered))
        return asked.lower()
    best = best_format(request.headers.get("accept", ""), offered)
    if best is None:
        raise ProblemError("not_acceptable", offered=", ".join(MEDIA[form] for form in offered))
    return best
