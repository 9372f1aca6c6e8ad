"""Everything known, as a fold over the accepted batches: grows by one batch at a time, publishes snapshots."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.events.register import Register
from engine.events.schemas import PLACE
from engine.exposure.infectiousness import Course
from engine.graph.graph import BULK, ContactGraph
from engine.graph.saving import Piece
from engine.ids import Keys
from engine.people.timelines import PERSONAL, PeopleView, Timelines
from engine.service.snapshot import Snapshot, courses_of

Outcomes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Saved:
    """A state taken apart, for a checkpoint: immutable, so that it can be written while the state goes on."""

    seq: int
    received_at: int
    ident: str
    """Which journal, since which purge, this is the state of."""
    pieces: tuple[Piece, ...]
    registers: dict[str, pa.Table]
    people: pa.Array
    places: pa.Array


class State:
    """The set of accepted events up to batch ``seq``. Not thread-safe: whoever owns it takes a lock."""

    def __init__(self, people: Keys | None = None, places: Keys | None = None) -> None:
        self.people, self.places = people or Keys(), places or Keys()
        self.graph = ContactGraph(self.people, self.places)
        self.timelines = Timelines(self.people)
        self.seq = 0
        self.ident = ""
        """Which journal, since which purge, this is the state of: a checkpoint of it is of no other."""
        self.received_at = 0
        """When the last batch was received, UTC s."""
        self._people_view: PeopleView | None = None
        self._courses: dict[int, Course] = {}
        self._place_data: dict[str, dict[str, Any]] | None = None
        """Parts of the newest snapshot that most batches leave as they are; None: to be made anew."""

    def apply(self, kind: str, table: pa.Table, seq: int, received_at: int) -> Outcomes:
        """Take in a canonical table as batch ``seq``; returns one outcome per row."""
        if kind in PERSONAL:
            self._people_view = None
        elif kind == PLACE.name:
            self._place_data = None
        owner = self.timelines if kind in PERSONAL else self.graph
        outcomes = np.asarray(owner.apply(kind, table), np.uint8)
        self.seq, self.received_at = seq, max(self.received_at, received_at)
        return outcomes

    def publish(self) -> Snapshot:
        """An immutable view. Cost: what changed since the last one."""
        graph = self.graph.publish()
        if self._people_view is None:
            self._people_view = self.timelines.publish()
            self._courses = courses_of(self._people_view)
        if self._place_data is None:
            self._place_data = {key: data for (key,), data in self.graph.reference.items()}
        people = self._people_view
        return Snapshot(
            graph=graph,
            people=people,
            person_keys=self.people,
            place_keys=self.places,
            place_data=self._place_data,
            as_of=self.seq,
            latest=max(graph.latest(), people.latest),
            courses=self._courses,
        )

    def registers(self) -> dict[str, Register]:
        """The kinds with few events, by name."""
        return {PLACE.name: self.graph.reference, **self.timelines.registers}

    def saved(self) -> Saved:
        """The state as it is now, for a checkpoint. Cost: the kinds with few events, and the keys."""
        return Saved(
            self.seq,
            self.received_at,
            self.ident,
            tuple(self.graph.pieces()),
            {name: register.table(dead=True) for name, register in self.registers().items() if register.anything},
            self.people.column(),
            self.places.column(),
        )

    @classmethod
    def of(cls, saved: Saved) -> "State":
        """The state that was saved; its columns are used as they are. Cost: as :meth:`saved`."""
        state = cls(Keys.of(saved.people), Keys.of(saved.places))
        state.graph.restore(saved.pieces)
        for name, table in saved.registers.items():
            state.registers()[name].apply(table)
        state.seq, state.received_at, state.ident = saved.seq, saved.received_at, saved.ident
        return state


def summary_of(snapshot: Snapshot, registers: dict[str, Register]) -> dict[str, int]:
    """How many live events there are, by kind."""
    counts = {kind: sum(len(s.rows) for s in getattr(snapshot.graph, kind)) for kind in BULK}
    return counts | {name: len(register) for name, register in registers.items()}
