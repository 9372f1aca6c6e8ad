"""What a simulation asks of a world that does not have it: said before the first draw, nothing is ignored."""

from collections.abc import Iterator

import numpy as np

from engine.errors import ScenarioError
from engine.geo.cells import cell_named
from engine.scenarios.messages import Mistake
from engine.scenarios.model import Simulation
from engine.scenarios.plan_factors import inside
from engine.scenarios.run_checks import impossible
from engine.scenarios.world import BLUETOOTH, CHECK_IN, LOCATION, TABLE, World

CHANNELS = {"bluetooth": BLUETOOTH, "check_in": CHECK_IN, "location": LOCATION, "table": TABLE}
"""Bits of the ways a contact can be recorded."""
_MOST = 64
_SHOWN = 10


def check(world: World, simulation: Simulation) -> None:
    """Raises ``ScenarioError`` with a line for each thing that cannot be done in this world."""
    wrong = [f"{'.'.join(map(str, path))}: {text}" for path, text in mistakes(world, simulation)]
    if wrong:
        raise ScenarioError("\n".join(wrong))


def mistakes(world: World, simulation: Simulation) -> list[Mistake]:
    """What cannot be done in this world: path of the setting, below the run, and the sentence."""
    here = (*_start(world, simulation), *_contacts(world, simulation), *_people(world, simulation))
    parted = (one.partition(": ") for one in here)
    said = [(tuple(int(p) if p.isdecimal() else p for p in path.split(".")), text) for path, _, text in parted]
    return [*said, *impossible(simulation)]


def _start(world: World, simulation: Simulation) -> Iterator[str]:
    """Each as ``path: sentence``, as those below."""
    start, days = simulation.initial, simulation.days
    if world.people < 1 or world.contacts.days < 1:
        yield "population: nobody is in it; give days and areas with contacts"
    if start.people and len(world.named) != len(set(start.people)):
        yield "initial.people: not all of them are in the population"
    if start.infected > world.people and not start.people and not start.from_cases:
        yield f"initial.infected: {start.infected} is more than the {world.people} people there are"
    if start.from_cases and not len(world.case_person):
        yield "initial.from_cases: no F0 is known at the start; give initial.infected"
    late = [day for day in simulation.outside.days if day < 1 or day >= days]
    if late:
        yield f"outside.days: day {late[0]} is not in the run; days are 1 to {days - 1}"


def _contacts(world: World, simulation: Simulation) -> Iterator[str]:
    measures = simulation.measures
    seen = int(np.bitwise_or.reduce(world.contacts.channel)) if len(world.contacts.channel) else 0
    tracing = measures.tracing
    for i, way in enumerate(tracing.methods if tracing is not None and tracing.on else ()):
        absent = [c for c in way.channels if not seen & CHANNELS[c]]
        if seen and absent and len(absent) == len(way.channels):
            there = ", ".join(name for name, bit in CHANNELS.items() if seen & bit)
            yield f"measures.tracing.methods.{i}.channels: no contact was recorded so; there are: {there}"
    placed = len(world.places.kind) > 0
    for name, used in (
        ("closures", bool(measures.closures)),
        ("capacity_limits", bool(measures.capacity_limits)),
        ("masks", any(m.kinds for m in measures.masks)),
    ):
        if used and not placed:
            yield f"measures.{name}: they name kinds of places, and no places are known in this population"
    if len(measures.lockdowns) > _MOST:
        yield f"measures.lockdowns: at most {_MOST}"


def _people(world: World, simulation: Simulation) -> Iterator[str]:
    measures = simulation.measures
    for i, lock in enumerate(measures.lockdowns):
        known = {code for codes in world.parents for code in codes}
        for code in lock.areas:
            if code not in known:
                yield f"measures.lockdowns.{i}.areas: nobody lives in {code} and no place is there{_known(known)}"
        for name in lock.cells:
            one = lock.model_copy(update={"areas": (), "cells": (name,)})
            homes = inside(one, world, world.area, world.cell).any()
            if not homes and not inside(one, world, world.places.area, world.places.cell).any():
                yield f"measures.lockdowns.{i}.cells: nobody lives in {cell_named(name):x} and no place is there"
    if measures.quarantine is not None and measures.quarantine.household and not (world.household >= 0).any():
        yield "measures.quarantine.household: no households are known; give population.households"
    if measures.vaccination is not None:
        for group in (*measures.vaccination.coverage, *measures.vaccination.order):
            if group != "all" and group not in world.groups:
                there = ", ".join(world.groups) or "none: give population.groups"
                yield f"measures.vaccination: there is no group {group!r}; there are: all, {there}"


def _known(codes: set[str]) -> str:
    """What may be locked down instead, and why a province may be missing."""
    if not codes:
        return "; no areas are known in this population"
    some = sorted(codes)
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    return (
        f"; known are {', '.join(some[:_SHOWN])}{more}; districts and provinces above them are known after "
        "truyvet areas load"
    )
