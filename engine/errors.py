"""One tree of errors. Every leaf has a stable ``code``; edges translate the code, never the text."""


class TruyvetError(Exception):
    """Root of every error this project raises on purpose. The message says what to do about it."""

    code = "error"


class BadInputError(TruyvetError):
    """What was given cannot be used, and giving something else would help."""

    code = "bad_input"


class UnknownKindError(BadInputError):
    """No such kind of event."""

    code = "unknown_kind"


class UnreadableFileError(BadInputError):
    """The file is missing, torn, or not in the format its name says."""

    code = "unreadable_file"


class RunFolderError(BadInputError):
    """The folder of a scenario's results is missing, damaged, or holds something else."""

    code = "bad_run_folder"


class BadParameterError(BadInputError):
    """A query parameter is out of its declared bounds."""

    code = "bad_parameter"


class UnknownPolicyError(BadInputError):
    """No such contact policy."""

    code = "unknown_policy"


class ScenarioError(BadInputError):
    """A scenario file says something that cannot be run: one line a mistake, with its line in the file."""

    code = "bad_scenario"


class NotFoundError(TruyvetError):
    """The thing asked for does not exist."""

    code = "not_found"


class UnknownPersonError(NotFoundError):
    """No accepted event names this person."""

    code = "unknown_person"


class UnknownCaseError(NotFoundError):
    """This person is not an F0."""

    code = "unknown_case"


class UnknownAreaError(NotFoundError):
    """No administrative unit has this code."""

    code = "unknown_area"


class JournalError(TruyvetError):
    """The journal of accepted events cannot be read or written."""

    code = "journal"


class StorageFullError(JournalError):
    """The disk or the database has no room left: nothing was accepted; free some and send again."""

    code = "storage_full"


class BusyError(TruyvetError):
    """More events wait than the engine may hold: nothing was accepted; send again in a moment."""

    code = "busy"


class CancelledError(TruyvetError):
    """Stopped because somebody asked for it: what was finished is kept; ask again to go on from there."""

    code = "cancelled"


class NotReadyError(TruyvetError):
    """The journal is still being replayed; ask again in a moment."""

    code = "not_ready"


class HistoryGoneError(NotFoundError):
    """The moment asked about lies before the retention, or after the newest batch."""

    code = "history_gone"


class GridError(TruyvetError):
    """The installed h3 library does not answer as the published grid: install another release of h3."""

    code = "grid"
