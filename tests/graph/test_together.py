"""Threads that ask one view at once, which nobody asked before, get what one alone gets."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from engine.graph.atlas import atlas_of
from engine.graph.eligibility import Eligibility
from engine.graph.evidence import gather
from engine.graph.lists import lists_of
from engine.graph.near_book import known_book, make_if_it_pays
from engine.graph.near_many import near_of_many
from engine.graph.pairs import totals
from engine.graph.presences import Queries
from engine.graph.view import GraphView
from tests.graph.segmented import DAY, DAYS, T0, view_of
from tests.waiting import PATIENCE_S

PEOPLE, THREADS = 40, 4
LIMITS = Eligibility(70.0, 2.0)


def answers(view: GraphView, first: int) -> dict[str, Any]:
    """Everything that is remembered with a view is made on the way; ``first`` says which of it first."""
    who = np.arange(PEOPLE, dtype=np.int32)
    asked = Queries(who, np.full(PEOPLE, T0), np.full(PEOPLE, T0 + DAYS * DAY))

    def evidence() -> Any:
        found = gather(view, asked, LIMITS)
        columns = (found.query, found.other, found.start, found.end, found.channel, found.weight)
        return sorted(zip(*(c.tolist() for c in columns), strict=True))

    def looked_up() -> Any:
        lists = lists_of(view)
        assert lists is not None
        return evidence(), lists.bytes

    def near() -> Any:
        make_if_it_pays(view, LIMITS, 1e18)
        book, found = known_book(view, LIMITS), near_of_many(view, asked.start, asked.end, LIMITS)
        assert book is not None
        assert found is not None
        whole, parts = book.lines(asked)
        rows = zip(*(c.tolist() for c in (found.person, found.other, found.start, found.end)), strict=True)
        return sorted(rows), sorted(whole[:, :4].tolist()), sorted(parts[:, 0].tolist())

    def everybody() -> Any:
        return totals(view, T0, T0 + DAYS * DAY, LIMITS), len(atlas_of(view))

    work = [evidence, looked_up, near, everybody]
    found = {ask.__name__: ask() for ask in work[first:] + work[:first]}
    return dict(sorted(found.items()))


def anew(view: GraphView) -> GraphView:
    """The same columns, of which nothing is remembered."""
    for segment in (*view.bluetooth, *view.check_in, *view.location):
        segment.memory.clear()
    return GraphView(view.bluetooth, view.check_in, view.location, view.places)


@pytest.mark.parametrize("seed", range(6))
def test_all_get_what_one_alone_gets(seed: int) -> None:
    view = view_of(seed, 200, PEOPLE, 8)
    expected = answers(view, 0)
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(5):
            fresh, begin = anew(view), Barrier(THREADS, timeout=PATIENCE_S)

            def ask(first: int, view: GraphView = fresh, begin: Barrier = begin) -> dict[str, Any]:
                begin.wait()
                return answers(view, first)

            assert all(found == expected for found in threads.map(ask, range(THREADS)))
