"""Preferences of a reader as headers tell them; the language is one of ours."""

from starlette.requests import HTTPConnection

from engine.texts import Lang


def weighted(header: str) -> list[tuple[str, float]]:
    """The members of an ``Accept...`` header in lower case, best first; equal weights keep their order."""
    found: list[tuple[str, float]] = []
    for part in header.split(","):
        name, *parameters = (p.strip().lower() for p in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if name:
            found.append((name, weight))
    return sorted(found, key=lambda member: -member[1])


def reader_lang(request: HTTPConnection) -> Lang:
    """``vi`` or ``en``: the first of the two in ``Accept-Language``, else the server's own language."""
    for name, weight in weighted(request.headers.get("accept-language", "")):
        tag = name.partition("-")[0]
        if weight > 0 and tag in ("vi", "en"):
            return "vi" if tag == "vi" else "en"
    own: Lang = getattr(request.app.state, "lang", "en")
    return own
