"""Names of island groups on a map of levels: too small to carry a name of their own."""

from datetime import date

import numpy as np

from engine.geo.unit_names import plain
from engine.geo.units import Units
from engine.texts import Lang, say

GROUPS = ("Hoàng Sa", "Trường Sa")


def islands(units: Units, day: date, lang: Lang) -> list[tuple[str, float, float]]:
    """(text, lng, lat) of the island districts that the areas hold, placed just above their polygons."""
    rings: dict[str, list[np.ndarray]] = {}
    for code, ring in units.outlines("district", day):
        rings.setdefault(code, []).append(ring)
    found = []
    for code, parts in rings.items():
        name = next((g for g in GROUPS if units.unit(code, day).name_vi.endswith(g)), None)
        if name is not None:
            corners = np.concatenate(parts)
            middle, top = (corners[:, 0].min() + corners[:, 0].max()) / 2, corners[:, 1].max()
            shown = name if lang == "vi" else plain(name)
            found.append((say("levels.map.islands", lang, name=shown), float(middle), float(top) + 0.25))
    return found
