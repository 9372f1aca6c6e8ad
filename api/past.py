"""``as_of``: a journal sequence number or a moment, and the state that was known then."""

from api.parameters import AsOf
from api.port import EnginePort, ViewPort
from api.problems import ProblemError
from engine.clock import from_rfc3339
from engine.errors import BadParameterError, HistoryGoneError

_DIGITS = 18


def view_of(engine: EnginePort, as_of: AsOf) -> ViewPort:
    """The state at ``as_of``, or the newest when it is not given. May replay batches: never on the event loop.

    Raises:
        ProblemError: neither a number nor a moment.
        HistoryGoneError: outside the retained history.
    """
    return engine if as_of is None else engine.at(seq_of(engine, as_of, "bad_as_of"))


def changed_after(engine: EnginePort, since: str) -> int:
    """The sequence number after which a change counts; 0 for a moment before everything.

    Raises:
        ProblemError: neither a number nor a moment.
    """
    try:
        return seq_of(engine, since, "bad_since")
    except HistoryGoneError:
        return 0


def seq_of(engine: EnginePort, text: str, complaint: str) -> int:
    """The sequence number that ``text`` (a number, or an RFC 3339 moment) stands for.

    Raises:
        ProblemError: neither; the detail is the text ``api.<complaint>``.
        HistoryGoneError: nothing had been received by that moment.
    """
    given = text.strip()
    if given.isascii() and given.isdigit() and len(given) <= _DIGITS:
        return int(given)
    try:
        moment = from_rfc3339(given)
    except (BadParameterError, OverflowError):
        raise ProblemError("bad_parameter", complaint) from None
    return engine.seq_at(moment)
