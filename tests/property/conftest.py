"""Policies that no preset has (a latent period, one unbroken contact), known only while these tests run."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.exposure import policies

BASE = policies.PRESETS["vn-2021-07"]
EXTRA = {
    p.name: p
    for p in (
        replace(BASE, name="test-latent", latent_hours=5.0),
        replace(BASE, name="test-single", min_minutes=10, accumulate="single"),
        replace(BASE, name="test-24h", min_minutes=20, accumulate="24h", latent_hours=1.5),
        replace(BASE, name="test-slack", slack_s=3600, min_minutes=15, max_days_after_onset=1),
        replace(BASE, name="test-radio-only", same_place=False, max_attenuation_db=60.0),
    )
}


@pytest.fixture(scope="package", autouse=True)
def _extra_policies() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, policy in EXTRA.items():
            patch.setitem(policies.PRESETS, name, policy)
        yield
