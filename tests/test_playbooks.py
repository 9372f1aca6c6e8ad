"""Alerts, their pages, and the metrics they name say the same as the code."""

import re
from pathlib import Path

import pytest

from engine.service.metrics import Metrics

DOCS = Path(__file__).parents[1] / "docs"
PAGES = DOCS / "playbooks"
ALERTS = (PAGES / "alerts.yml").read_text("utf-8")
PROCEDURES = {"backup-and-restore"}
"""Pages that no alert leads to."""
PARTS = ("What it means", "How to see it", "What to do", "How to know it is over")


def alerts() -> dict[str, str]:
    """Page of each alert, by its name."""
    rules = re.split(r"^ {6}- alert: ", ALERTS, flags=re.M)[1:]
    found = {}
    for rule in rules:
        (page,) = re.findall(r"^ {10}runbook: docs/playbooks/([\w-]+)\.md$", rule, re.M)
        assert re.search(r"^ {8}expr: ", rule, re.M), rule
        found[rule.split("\n", 1)[0]] = page
    return found


def pages() -> set[str]:
    return {path.stem for path in PAGES.glob("*.md")} - {"README"}


def registered() -> set[str]:
    """Every metric of the registry, as Prometheus names it."""
    families = Metrics().registry.collect()
    return {f.name + ("_total" if f.type == "counter" else "") for f in families}


def named(text: str) -> set[str]:
    """Metrics that a text names; the parts of a histogram stand for it."""
    known = registered()
    found = set(re.findall(r"\b(?:truyvet|process)_[a-z_]+[a-z]\b", text))
    return {re.sub(r"_(bucket|sum|count)$", "", name) if name not in known else name for name in found}


def test_every_alert_has_a_page_and_the_reverse() -> None:
    assert set(alerts().values()) == pages() - PROCEDURES
    assert len(set(alerts().values())) == len(alerts()) > 0


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_page_names_its_alert_and_has_every_part(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text("utf-8")
    for alert in (alert for alert, its_page in alerts().items() if its_page == page):
        assert f"`{alert}`" in text
    if page not in PROCEDURES:
        assert re.findall(r"^## (.*)$", text, re.M) == list(PARTS)


def test_the_index_names_every_page_and_alert() -> None:
    index = (PAGES / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w-]+)\.md\)", index)) == pages()
    assert set(re.findall(r"`(Truyvet\w+)`", index)) == set(alerts())


def test_alerts_and_playbooks_name_metrics_that_there_are() -> None:
    used = named(ALERTS)
    assert len(used) > 5
    assert used - registered() == set()
    for page in PAGES.glob("*.md"):
        # A page may name what `grep` looks for: the beginning of metrics.
        for name in named(page.read_text("utf-8")):
            assert any(metric.startswith(name) for metric in registered()), (page.name, name)


@pytest.mark.parametrize("page", ["operations.md", "operations.vi.md"])
def test_the_table_of_metrics_holds_every_metric_and_no_other(page: str) -> None:
    rows = re.findall(r"^\| `((?:truyvet|process)_\w+)`", (DOCS / page).read_text("utf-8"), re.M)
    assert len(rows) == len(set(rows))
    assert set(rows) == registered()
