"""epiworldpy in ``make bench-scenarios``: its network model with tracing and quarantine; and its plain SIR."""

from importlib.metadata import version

import numpy as np
from epiworldpy import epimodels

from benchmarks.scenarios.common import DAYS, HELD_D, INFECTED, INFECTIOUS_D, LATENT_D, Edges, Free, Run

UNDETECTED_D = 7.0
"""Mean: some 55 % of the infected are found by themselves, as with the tests of the others."""
FOUND_A_DAY = 0.2
"""A contact has a record, and a draw, for every day of contact with the case: over three days .2 each make .5."""


class Epiworld:
    """Queues on, transmission mode auto: its defaults, documented as the fastest."""

    version = version("epiworldpy")
    first_rate = 0.0475

    def __init__(self) -> None:
        self.model = None
        self.seed = 0
        self.people = 0

    def build(self, edges: Edges, people: int) -> None:
        self.people = people
        self.model = epimodels.ModelSEIRNetworkQuarantine(
            "v", INFECTED / people, self.first_rate, LATENT_D, 1 / INFECTIOUS_D, 0.0, 7.0,
            UNDETECTED_D, HELD_D, 1.0, 1.0, HELD_D, FOUND_A_DAY, 4,
        )  # fmt: skip
        self.model.verbose_off()
        self.model.agents_from_edgelist(edges[0].tolist(), edges[1].tolist(), people, False)

    def ready(self, rate: float, seed: int) -> None:
        self.model.set_param("Prob. Transmission", rate)
        self.seed = seed

    def run(self) -> None:
        self.model.run(DAYS, self.seed)

    def result(self) -> Run:
        states = list(self.model.get_states())
        counts = np.asarray(self.model.get_db().get_hist_total()["counts"]).reshape(-1, len(states))
        by = {name: counts[:, i] for i, name in enumerate(states)}
        waiting = by["Quarantined Susceptible"]
        never = by["Susceptible"] + waiting
        held = waiting + by["Quarantined Exposed"]
        return Run((1 - never / self.people).tolist(), float(held.sum()), None, None)


model = Epiworld


def final_sizes(edges: Edges, free: Free) -> list[float]:
    """Share ever infected in each replicate of the SIR model without measures.

    Not SEIR: its exposed infect as well (0.17), whatever its page says.
    """
    sir = epimodels.ModelSIR("v", free.infected / free.people, free.risk, 1 - free.stay)
    sir.verbose_off()
    sir.agents_from_edgelist(edges[0].tolist(), edges[1].tolist(), free.people, False)
    sizes = []
    for seed in range(1, free.replicates + 1):
        sir.run(free.days, seed)
        counts = np.asarray(sir.get_db().get_hist_total()["counts"]).reshape(-1, len(sir.get_states()))
        sizes.append(1 - float(counts[-1, 0]) / free.people)
    return sizes
