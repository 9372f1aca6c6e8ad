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
from engine.service.snapshot import Snapshot


class Held:
    """What the public's levels are made of: one state between two publishing times, whatever becomes known meanwhile.

    All levels of that time are of the one moment at which it was taken, whoever asks for which of them when.
    """

    def __init__(self) -> None:
        self._until = self._at = 0
        self._state: Snapshot | None = None
        self._reports: dict[tuple[str, str], tuple[Units, LevelsReport]] = {}
        self._turn = Lock()

    def take(self, now: int, known: Callable[[], Snapshot]) -> None:
        """Take the state of this moment, unless one was taken since the last publishing time."""
        with self._turn:
            self._taken(now, known)

    def renew(self, known: Callable[[], Snapshot]) -> None:
        """Put the newest state in place of one that was purged; the moment, and what was made, stay."""
        with self._turn:
            if self._state is not None:
                self._state = known()

    def get(
        self,
        tier: str,
        rules: str | None,
        units: Units,
        now: int,
        known: Callable[[], Snapshot],
        make: Callable[[Snapshot, str, int], LevelsReport],
    ) -> LevelsReport:
        """What ``make`` made of the state held, the name of the rules and the moment: once for each, and for the units.

        ``rules`` None: those in force at the moment.
        """
        with self._turn:
            state = self._taken(now, known)
            name = rules if rules is not None else rules_on(in_viet_nam(self._at).date())
            found = self._reports.get((tier, name))
            # The units are kept with the report, so that no other table can come to have their identity.
            if found is None or found[0] is not units:
                found = self._reports[tier, name] = (units, make(state, name, self._at))
            return found[1]

    def _taken(self, now: int, known: Callable[[], Snapshot]) -> Snapshot:
        if self._state is None or now >= self._until:
            self._state, self._until, self._reports = known(), next_slot(now), {}
            self._at = min(now, self._state.latest)
        return self._state


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
        """The official levels of the state that was taken after the last publishing time, for the public.

        A level that moved at once would tell of a single case. Raises as :meth:`area_levels`.
        """
        units = self.areas()

        def make(state: Snapshot, name: str, at: int) -> LevelsReport:
            return levels_of_state(state, units, name, at, tier, self._policy)

        return self._held.get(tier, rules, units, self._clock(), self.snapshot, make)

    def hold_levels(self, now: int) -> None:
        """Take the state of the public's levels, if it is due: what the server does by itself."""
        self._held.take(now, self.snapshot)
