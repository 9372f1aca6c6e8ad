"""The engine."""

from pathlib import Path

from engine.fresh import forget_stale

forget_stale(Path(__file__).parent)
