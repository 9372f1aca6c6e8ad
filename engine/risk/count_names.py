"""From the names in a table of counts to units: by code, else by the names of the unit and of those it lies in."""

import re
from collections.abc import Iterable, Mapping

from engine.geo.unit_names import folded, plain, split
from engine.risk.levels.rules import TIERS
from engine.risk.levels.tree import Area, Tree

_SHORT = re.compile(r"^(tp|t\.p|tx|tt|q|p|h|x)\.\s*", re.IGNORECASE)
_FULL = {
    "tp": "thành phố ", "t.p": "thành phố ", "tx": "thị xã ", "tt": "thị trấn ", "q": "quận ", "p": "phường ",
    "h": "huyện ", "x": "xã ",
}  # fmt: skip


class Names:
    """Units by name. A name that fits several units fits none."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._within: dict[str | None, list[Area]] = {}
        for area in tree.areas.values():
            self._within.setdefault(area.parent, []).append(area)
        self._index: dict[str | None, list[dict[str, list[str]]]] = {}
        self._found: dict[tuple[str, ...], str | None] = {}

    def find(self, tier: str, names: Mapping[str, str]) -> str | None:
        """The code of the unit of ``tier`` with these names by tier ({"province": ..., "district": ...}), or None."""
        path = tuple(names.get(t, "") for t in reversed(TIERS[TIERS.index(tier) :]))
        if path not in self._found:
            self._found[path] = self._walk(path)
        return self._found[path]

    def _walk(self, path: Iterable[str]) -> str | None:
        parent: str | None = None
        for name in path:
            if not name.strip() or (code := self._child(parent, name)) is None:
                return None
            parent = code
        return parent

    def _child(self, parent: str | None, name: str) -> str | None:
        if parent not in self._index:
            self._index[parent] = _indexes(self._within.get(parent, ()))
        for index, key in zip(self._index[parent], _keys(name), strict=True):
            fits = index.get(key, [])
            if len(fits) == 1:
                return fits[0]
        return None


def _keys(name: str) -> tuple[str, str, str, str]:
    """A name as it is compared: with its kind and without, first with diacritics, then without them."""
    short = _SHORT.match(name.strip())
    whole = _FULL[short[1].lower()] + name.strip()[short.end() :] if short else name.strip()
    whole = re.sub(r"\s*-\s*", " ", whole)
    kind, rest = split(whole)
    if rest.isdigit():
        rest = str(int(rest))
    titled = f"{kind or ''} {rest}".strip()
    return folded(titled), folded(rest), plain(titled).casefold(), plain(rest).casefold()


def _indexes(areas: Iterable[Area]) -> list[dict[str, list[str]]]:
    indexes: list[dict[str, list[str]]] = [{}, {}, {}, {}]
    for area in areas:
        for index, key in zip(indexes, _keys(area.name_vi), strict=True):
            index.setdefault(key, []).append(area.code)
    return indexes
