"""The stable codes of refused rows: what each means and what its sender should do."""

from dataclasses import dataclass

from engine.clock import DAY
from engine.events.schemas import MAX_KEY
from engine.params import CLOCK_TOLERANCE_S, MAX_STAY_S


@dataclass(frozen=True)
class Code:
    """One reason to refuse a row."""

    meaning: str
    remedy: str


CODES: dict[str, Code] = {
    "malformed_row": Code(
        "The line is not a JSON object, or has another number of values than the CSV header, or a quote that "
        "is never closed, or is not UTF-8.",
        "Write the line again; save CSV as UTF-8.",
    ),
    "missing_field": Code(
        "A required column is absent, null or (ids aside) empty.", "Fill the column named in the detail."
    ),
    "bad_type": Code(
        "A value is of the wrong type: text where a number belongs, a number where an id belongs, a fraction "
        "where a whole number belongs, NaN or infinity.",
        "Send the type of the tables above. Leave unknown numbers empty instead of NaN.",
    ),
    "bad_id": Code(f"An id is empty or longer than {MAX_KEY} characters.", f"Send 1 to {MAX_KEY} characters."),
    "bad_time": Code(
        "A moment is not RFC 3339 with offset, or an Arrow timestamp without time zone, or outside the years "
        "1 to 9999.",
        "Write `2021-07-11T09:30:00+07:00`; give timestamp columns a time zone.",
    ),
    "in_future": Code(
        f"A moment lies more than {CLOCK_TOLERANCE_S.value:g} s after the engine's clock.",
        "Set the sender's clock right. Only the planned `ended_at` of a quarantine may lie ahead.",
    ),
    "out_of_bounds": Code(
        "A number is outside its bounds, such as a coordinate off the globe.",
        "Check the unit, and that latitude and longitude are not swapped.",
    ),
    "bad_choice": Code("A word is not one of those allowed.", "Use one of the words of the tables above."),
    "self_contact": Code("`person` and `peer` are the same.", "Drop the row."),
    "ends_before_start": Code(
        "`left_at` is before `entered_at`, or `ended_at` before `started_at`. Equal is allowed.",
        "Swap or correct the two moments.",
    ),
    "stay_too_long": Code(
        f"`left_at` is more than {MAX_STAY_S.value // DAY:g} days after `entered_at`.",
        "Leave `left_at` empty if it is not known.",
    ),
    "missing_attenuation": Code(
        "A sighting has neither `attenuation_db` nor both `rssi_dbm` and `tx_power_dbm`.",
        "Send the attenuation, or both powers.",
    ),
    "no_date": Code("A case has none of `confirmed_at`, `onset_at`, `sampled_at`.", "Send at least one of them."),
    "retracted": Code(
        "This natural key was retracted at this revision or a higher one.",
        "If the event is true after all, send it with a `revision` above the retraction's.",
    ),
}
"""In the order of the documentation. Every code that ``engine.events`` or the event stores give is here."""
