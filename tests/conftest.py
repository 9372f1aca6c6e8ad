"""Settings every test shares."""

from hypothesis import settings

# The same examples in every run: a failure here is a failure everywhere.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
