"""Settings every test shares."""

from hypothesis import settings

from tests.postgres import database, postgres  # noqa: F401  (fixtures; here, so that a session starts one server)

# The same examples in every run: a failure here is a failure everywhere.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
