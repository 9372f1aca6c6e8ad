"""Replies of the routes of scenarios, and a scenario to send, for the documentation."""

from api.examples.replies import Example

SCENARIO = """\
name: isolation
replicates: 100
simulation:
  days: 60
  population: {observed: {}}
  initial: {from_cases: true}
variants:
  - name: nothing
  - name: isolation
    set: {measures.isolation: {delay: {fixed: 2}}}
"""
JOB: Example = {
    "id": "5fe2677cb994-0bdf154d",
    "hash": "5fe2677cb9945509b3a5bac6095b1a9f21fd987b970889e2cbf230592ad1bc9e",
    "name": "isolation",
    "kind": "simulation",
    "state": "running",
    "submitted_at": "2021-07-11T09:00:00Z",
    "started_at": "2021-07-11T09:00:01Z",
    "finished_at": None,
    "submitted_by": "epidemiologist",
    "runs": ["nothing", "isolation"],
    "people": 5000,
    "data_as_of": 42,
    "progress": {"done": 64, "total": 200, "eta_s": 12.5},
    "problem": None,
}
TOTAL: Example = {
    "variant": "isolation",
    "measure": "attack_rate",
    "median": 0.31,
    "q05": 0.22,
    "q25": 0.28,
    "q75": 0.34,
    "q95": 0.39,
    "mean": 0.31,
    "sd": 0.05,
    "n": 100,
}
ONE: Example = JOB | {"as_of": 57, "result": {"part": "totals", "rows": [TOTAL]}}
LISTED: Example = {"scenarios": [JOB], "as_of": 57, "next": None}
PART: Example = {"id": JOB["id"], "part": "totals", "rows": [TOTAL], "as_of": 57, "next": None}
