"""covasim (3.1.6 and 4.0.1) in ``make bench-scenarios``: the same network as its one layer, tests, contact tracing."""

import covasim as cv
import numpy as np

from benchmarks.scenarios.common import DAYS, HELD_D, INFECTED, SENSITIVITY, TRACE_DELAY_D, TRACED, Edges, Run

SEEKS_A_DAY = 0.25
"""Chance of a test, each day with symptoms; those found are asked for one on entering quarantine, half of them come."""


class Covasim:
    """Waning immunity off (less to compute); 32-bit numbers, its default."""

    version = cv.__version__
    first_rate = 0.053

    def __init__(self) -> None:
        self.edges: Edges
        self.people = 0
        self.sim = None

    def build(self, edges: Edges, people: int) -> None:
        self.edges, self.people = edges, people

    def ready(self, rate: float, seed: int) -> None:
        tests = cv.test_prob(
            symp_prob=SEEKS_A_DAY, asymp_prob=0.0, symp_quar_prob=SEEKS_A_DAY, asymp_quar_prob=0.5,
            quar_policy="start", sensitivity=SENSITIVITY, test_delay=1,
        )  # fmt: skip
        tracing = cv.contact_tracing(trace_probs=TRACED, trace_time=TRACE_DELAY_D, quar_period=HELD_D)
        layer = cv.Layer(p1=self.edges[0], p2=self.edges[1], beta=np.ones(self.edges.shape[1], np.float32), label="a")
        newer = not self.version.startswith("3.")
        self.sim = cv.Sim(
            pop_size=self.people, pop_infected=min(INFECTED, self.people // 10), pop_type="random", n_days=DAYS,
            rand_seed=seed, beta=rate, verbose=0, use_waning=False, iso_factor={"a": 0.0}, quar_factor={"a": 0.0},
            interventions=[tests, tracing], **({"networks": [_named(layer)]} if newer else {"contacts": {"a": 1}}),
        )  # fmt: skip
        self.sim.initialize()
        if not newer:
            self.sim.people.contacts["a"] = layer

    def run(self) -> None:
        self.sim.run()

    def result(self) -> Run:
        found = self.sim.results if "cum_infections" in self.sim.results else self.sim.results["covid"]

        def column(name: str) -> np.ndarray:
            return np.asarray(found[name], float)

        return Run(
            (column("cum_infections") / self.people).tolist(),
            float(column("n_quarantined").sum()),
            float(column("cum_tests")[-1]),
            float(column("cum_diagnoses")[-1]),
        )


model = Covasim


def _named(layer: object) -> object:
    layer.name = "a"
    return layer
