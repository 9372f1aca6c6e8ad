"""Logs for operators: one object (or line of text) a record, and no personal data in any of them.

What keeps people out of the log:

- An exception is told by its type and the places it went through, never by its message or the source lines: messages
  quote what they stumbled over.
- Our own loggers (``truyvet...``) write fixed sentences, routes as declared, codes and numbers. An exception given
  as an argument becomes its type's name.
- Other libraries' loggers are heard from WARNING on and reduced to the sentence as their authors wrote it, without its
  values; a sentence that was put together before it was logged is withheld, as its place says enough to find it. Only
  the server's own notices (``uvicorn.error``), which hold no part of any request, are passed on.
- What threads, the event loop or the interpreter would print about an exception comes the same way.
"""

import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

import orjson

Form = Literal["json", "text"]
OURS = "truyvet"
_TRUSTED = ("uvicorn.error",)
WITHHELD = "(a message of another library, withheld)"
_STACK = 30
_ROOT = Path(__file__).parents[2]
log = logging.getLogger("truyvet.process")


def configure(form: Form | None = None, stream: IO[str] | None = None, level: int = logging.INFO) -> None:
    """Send every record to ``stream`` (default: standard error) as ``form``; without one: text on a terminal, else
    JSON. Also for exceptions that nobody caught.
    """
    out = sys.stderr if stream is None else stream
    chosen: Form = form or ("text" if out.isatty() else "json")
    handler = Lines(out)
    handler.setFormatter(TextLines() if chosen == "text" else JsonLines())
    handler.addFilter(NoPersons())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a record that cannot be written would be printed whole
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _report("a thread ended with an error", args.exc_value)
    sys.unraisablehook = lambda args: _report("an error could not be raised", args.exc_value)


class Lines(logging.StreamHandler[Any]):
    """Writes records; and many lines of our own at once."""

    def write_all(self, logger: str, told: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """A line of level INFO, of now, for each (message, fields)."""
        formatter = self.formatter
        if not isinstance(formatter, JsonLines | TextLines):
            return
        at = _moment(time.time())
        text = "".join([formatter.line(at, "INFO", logger, message, fields) + "\n" for message, fields in told])
        self.acquire()
        try:
            self.stream.write(text)
            self.flush()
        except OSError:
            pass  # as for single records: nobody reads the log any more
        finally:
            self.release()


def told_together(logger: logging.Logger, told: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """What ``logger.info(message, extra={"fields": fields})`` writes for each of ``told``, in one piece.

    For one of our own loggers: fixed sentences, routes, codes and numbers. Cost: 2 us a line, an eighth of a record's.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    heard = logging.getLogger().handlers
    if len(heard) == 1 and isinstance(heard[0], Lines) and not logger.handlers:
        heard[0].write_all(logger.name, told)
        return
    for message, fields in told:
        logger.info("%s", message, extra={"fields": fields})


class NoPersons(logging.Filter):
    """Takes out of a record what may name somebody (see the module)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record; it is changed in place."""
        ours = record.name == OURS or record.name.startswith(f"{OURS}.")
        if ours or record.name in _TRUSTED:
            record.args = _tame(record.args)
        elif record.levelno < logging.WARNING:
            return False
        else:
            record.msg = record.msg if record.args and isinstance(record.msg, str) else WITHHELD
            record.args = ()
        record.stack_info = None
        return True


def _tame(args: Any) -> Any:
    if isinstance(args, tuple):
        return tuple(type(a).__name__ if isinstance(a, BaseException) else a for a in args)
    return args


def fault_of(error: BaseException) -> dict[str, object]:
    """Type and places of ``error`` and of those behind it, newest call last; no message, no value."""
    causes: list[str] = []
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while behind is not None and len(causes) < _STACK:
        causes.append(_name(behind))
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return {"type": _name(error), "stack": _places(error.__traceback__), **({"behind": causes} if causes else {})}


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _places(tb: TracebackType | None) -> list[str]:
    frames = traceback.StackSummary.extract(traceback.walk_tb(tb), lookup_lines=False)
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames][-_STACK:]


def _short(name: str) -> str:
    """A file by its place in the project or in the library it belongs to."""
    path = Path(name)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


class JsonLines(logging.Formatter):
    """``{"at","level","logger","message","fields","error"}``, one object a line; the last two where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        at, fault = _moment(record.created), _fault(record)
        return self.line(at, record.levelname, record.name, record.getMessage(), _fields(record), fault)

    def line(
        self,
        at: str,
        level: str,
        logger: str,
        message: str,
        fields: Mapping[str, object],
        fault: Mapping[str, object] | None = None,
    ) -> str:
        """The parts of a record as JSON."""
        told: dict[str, object] = {"at": at, "level": level.lower(), "logger": logger, "message": message}
        if fields:
            told["fields"] = fields
        if fault:
            told["error"] = fault
        return orjson.dumps(told, default=str).decode()


class TextLines(logging.Formatter):
    """``moment level logger message``, and ``field=value`` where the message itself says no value; an error's places
    follow, indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line for people."""
        # The values stand in the message where it has any.
        fields = {} if record.args else _fields(record)
        line = self.line(_moment(record.created), record.levelname, record.name, record.getMessage(), fields)
        line += "".join(f" {name}={value}" for name, value in fields.items())
        fault = _fault(record)
        if fault is None:
            return line
        behind = "".join(f" < {name}" for name in fault.get("behind", ()))
        return "\n".join([f"{line}: {fault['type']}{behind}", *(f"    {place}" for place in fault["stack"])])

    def line(self, at: str, level: str, logger: str, message: str, fields: Mapping[str, object]) -> str:
        """A line whose message says its fields."""
        return f"{at} {level:<7} {logger} {message}"


def _moment(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _fault(record: logging.LogRecord) -> dict[str, Any] | None:
    if not record.exc_info or record.exc_info[1] is None:
        return None
    return fault_of(record.exc_info[1])


def _uncaught(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _report("the process ended with an error", error)


def _report(what: str, error: BaseException | None) -> None:
    log.critical(what, exc_info=error)
