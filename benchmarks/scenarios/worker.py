"""One model in a process of its own: ``python -m benchmarks.scenarios.worker MODEL TASK EDGES``, an answer as JSON."""

import argparse
import json
import sys
from dataclasses import asdict
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.scenarios import common

MODULES = {"ours": "ours", "epiworldpy": "epiworld", "covasim": "covasim_run"}
"""Imported by name, and only the one that is asked for: a peer is only in its own venv."""


def main() -> None:
    """Do one task and print its answer as the last line."""
    asked = _parser().parse_args()
    edges = np.load(asked.edges)
    module = import_module(f"benchmarks.scenarios.{MODULES[asked.model]}")
    answer = _answer(module, asked, edges)
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


def _answer(module: Any, asked: argparse.Namespace, edges: common.Edges) -> object:
    if asked.task == "final-size":
        return module.final_sizes(edges, common.Free())
    model: common.Model = module.model()
    model.build(common.ring(1000), 1000)
    model.ready(model.first_rate, 1)
    model.run()
    if asked.task == "memory":
        return common.memory_growth(model, edges, common.PEOPLE, asked.rate)
    model.build(edges, common.PEOPLE)
    if asked.task == "threads":
        return module.threads(model, asked.rate, asked.lock)
    rate = common.tuned(model)
    runs, seconds = common.timed(model, rate, asked.replicates, asked.lock)
    return {"version": model.version, "rate": rate, "seconds": seconds, "runs": [asdict(run) for run in runs]}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=tuple(MODULES))
    parser.add_argument("task", choices=("speed", "memory", "threads", "final-size"))
    parser.add_argument("edges")
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--replicates", type=int, default=1)
    parser.add_argument("--lock")
    return parser


if __name__ == "__main__":
    main()
