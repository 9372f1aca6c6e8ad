"""Short in ``make test``; in full with TRUYVET_LONG=1, as ``make crash`` does."""

import os

LONG = os.environ.get("TRUYVET_LONG") == "1"
