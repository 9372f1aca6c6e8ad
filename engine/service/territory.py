"""What an engine knows of administrative areas, and the official levels of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from engine.clock import Clock, in_viet_nam
from engine.geo.units import Units
from engine.risk.disclosure_windows import next_slot
from engine.risk.levels.facts import NOTHING, Assumptions
from engine.service.areas import Areas, AreasReport
from engine.service.levels import LevelsReport, levels_of_state, rules_on
from engine.service.progress import Progress
from engine.service.questions import Questions


class Held:
    """Levels that the public sees: assessed once between two publishing times, whatever becomes known meanwhile."""

    def __init__(self) -> None:
        self._until = 0
        self._reports: dict[tuple[str, str | None], LevelsReport] = {}
        self._turn = Lock()

    def get(self, tier: str, rules: str | None, now: int, make: Callable[[], LevelsReport]) -> LevelsReport:
        """The report that was made first after the last publishing time."""
        with self._turn:
            if now >= self._until:
                self._until, self._reports = next_slot(now), {}
            if (tier, rules) not in self._reports:
                self._reports[tier, rules] = make()
            return self._reports[tier, rules]


class Territory(Questions):
    """Areas and their levels."""

    _areas: Areas
    _clock: Clock
    _held: Held

    def areas(self) -> Units:
        """The administrative units that were loaded; none before that.

        Raises:
            JournalError: what is stored cannot be read.
        """
        return self._areas.units()

    def load_areas(
        self,
        paths: Path | Sequence[Path],
        columns: Mapping[str, str] | None = None,
        tier: str | None = None,
        replace: bool = False,
        progress: Progress | None = None,
    ) -> AreasReport:
        """Put files and folders of administrative units on top of those known; ``replace``: in their place.

        ``columns``: field -> column, where a file does not use a usual name; ``tier``: of every row, where the files
        do not tell. All or nothing: after an error the units are those of before.

        Raises:
            UnreadableFileError: a file is missing, torn or not understood; the message lists its columns.
            BadParameterError: no such field, column or tier.
            BadInputError: two units of one code on one day.
            JournalError: they could not be stored.
        """
        some = [paths] if isinstance(paths, Path) else list(paths)
        return self._areas.load(some, columns, tier, replace, progress)

    def area_levels(
        self,
        tier: str = "province",
        rules: str | None = None,
        at: int | None = None,
        override: Path | None = None,
        assumed: Assumptions = NOTHING,
        previous: Mapping[str, int] | None = None,
        units: Units | None = None,
    ) -> LevelsReport:
        """Official levels of the areas of a tier at a moment (default: data time), with every condition looked at.

        ``rules``: 2686, 4800, 218 or who; None: the Vietnamese ones in force on that day. ``override``: a file of what
        a province changed; ``assumed``: what to take for true where nothing is known; ``previous``: the levels of the
        last assessment by code; ``units``: other areas than those that were loaded.

        Raises:
            BadParameterError: no such rules or tier, or no area of the tier was loaded.
            UnreadableFileError: the override cannot be read.
        """
        state, policy, moment = self._asked(None, at)
        name = rules if rules is not None else rules_on(in_viet_nam(moment).date())
        known = self.areas() if units is None else units

        def make() -> tuple[Units, LevelsReport]:
            return known, levels_of_state(state, known, name, moment, tier, policy, override, assumed, previous)

        if override is not None or assumed.words or previous:
            return make()[1]
        # The units are kept with the report, so that no other table can come to have their identity.
        return state.remember(("area levels", tier, name, moment, id(known)), make)[1]

    def published_levels(self, tier: str = "province", rules: str | None = None) -> LevelsReport:
        """The official levels as they were first assessed after the last publishing time, for the public.

        A level that moved at once would tell of a single case. Raises as :meth:`area_levels`.
        """
        return self._held.get(tier, rules, self._clock(), lambda: self.area_levels(tier, rules))
