"""Where in a scenario file a mistake of one of its runs was written: the base, a variant, or a grid."""

from collections.abc import Iterable, Mapping

from engine.scenarios.messages import Mistake
from engine.scenarios.model import Scenario
from engine.scenarios.yaml_lines import Document, Where


def sources_of(changes: Iterable[str], point: Iterable[str], number: int, grid: str) -> dict[str, Where]:
    """Where the changes of a run stand in the file, by path: those of variant ``number``, those of a grid over them."""
    at: Where = ("sensitivity", grid, "sweep") if grid else ("sweep",)
    return {path: ("variants", number, "set", path) for path in changes} | {path: (*at, path) for path in point}


def number_of(document: Document, variant: str, number: int) -> int:
    """Which of the variants of the file this one is; ``number`` where the file does not say."""
    written = document.data.get("variants") if isinstance(document.data, dict) else None
    names = [str(v.get("name")) for v in written or () if isinstance(v, dict)]
    return names.index(variant) if variant in names else number


def blame(
    path: Where, text: str, sources: Mapping[str, Where], start: Where, number: int, name: str
) -> tuple[Where, str]:
    """Where in the file a mistake of a run was written: the change nearest to it, else the variant called ``name``."""
    dotted = ".".join(str(part) for part in path)
    if holding := [s for s in sources if s == dotted or dotted.startswith(f"{s}.")]:
        change = max(holding, key=len)
        inside = dotted[len(change) + 1 :]
        return sources[change], f"{inside + ': ' if inside else ''}{text}"
    within = [at for s, at in sources.items() if dotted and s.startswith(f"{dotted}.")]
    own = [at for at in within if at[0] == "variants"]
    return (own or within or [("variants", number)])[0], f"in {name}: {dotted + ': ' if dotted else ''}{text}"


def origin(document: Document, path: Where, text: str, sources: Mapping[str, Where], start: Where, name: str) -> str:
    """One line about a setting of the run ``name``, at the change that says it, one beside it, or in the base."""
    dotted = ".".join(map(str, path))
    if any(dotted == s or dotted.startswith(f"{s}.") for s in sources):
        return document.mistake(*blame(path, text, sources, start, 0, name))
    above = ".".join(map(str, path[:-1])) or dotted
    base = (*start, *path)
    if base not in document.lines or above == dotted:
        for changed, at in sources.items():
            if f"{changed}.".startswith(f"{above}."):
                return document.mistake(at, f"in {name}: {dotted}: {text}")
    return document.mistake(base, text)


def told_of_run(
    document: Document, scenario: Scenario, variant: str, point: Iterable[str], grid: str, found: Iterable[Mistake]
) -> list[str]:
    """Mistakes of one run of a file, a line each.

    Args:
        document: the file as it was read.
        scenario: what was chosen of it.
        variant: name of the run's variant; ``point``: paths of its point of ``grid`` (empty: the sweep).
        found: paths below the run, and sentences.
    """
    changes = next((v.set for v in scenario.variants if v.name == variant), {})
    sources = sources_of(changes, point, number_of(document, variant, 0), grid)
    start: Where = ("simulation",) if scenario.simulation is not None else ("study", "base")
    return [origin(document, *one, sources, start, variant) for one in found]
