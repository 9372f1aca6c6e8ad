"""Settings every test shares."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import database, postgres  # noqa: F401  (fixtures; here, so that a session starts one server)

# The same examples in every run: a failure here is a failure everywhere.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _no_answer_is_too_dear() -> Iterator[None]:
    """What took long to make does for others for a moment; on a busy machine anything may take long."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("engine.service.live", "engine.service.paced", "api.maps"):
            patch.setattr(f"{name}.DEAR_S", float("inf"))
        yield
