import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.city.rng import Stream, generator, kernel_key
from engine.kernels.hashing import draws, fold, normal

KEY = kernel_key(1, Stream.COURSE)


def test_draws_are_uniform():
    u = draws(KEY, np.arange(20_000), 2)
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.002
    assert abs(np.corrcoef(u[:, 0], u[:, 1])[0, 1]) < 0.03


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.integers(0, 2**32))
def test_a_draw_does_not_depend_on_its_company(ids, seed):
    key = kernel_key(seed, Stream.COURSE)
    together = draws(key, np.array(ids), 3)
    alone = np.concatenate([draws(key, np.array([i]), 3) for i in ids])
    assert (together == alone).all()


def test_normals_are_standard():
    x = np.array([normal(np.uint64(fold(KEY, i))) for i in range(20_000)])
    assert abs(x.mean()) < 0.03
    assert abs(x.std() - 1) < 0.02


def test_streams_blocks_and_days_are_apart():
    at_home = [(1, Stream.DAY, 0, 0), (1, Stream.DAY, 1, 0), (1, Stream.DAY, 0, 1)]
    other = [(1, Stream.QR, 0, 0), (2, Stream.DAY, 0, 0)]
    assert len({generator(*w).random() for w in at_home + other}) == 5
