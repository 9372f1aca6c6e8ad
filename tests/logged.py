"""The log as a server writes it, for tests that read it."""

import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.service import logs


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What is logged meanwhile, JSON lines; afterwards the logging of the tests is put back."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    stream = io.StringIO()
    logs.configure("json", stream)
    try:
        yield stream
    finally:
        logging.captureWarnings(False)
        root.handlers, root.level, logging.raiseExceptions = handlers, level, raising
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
