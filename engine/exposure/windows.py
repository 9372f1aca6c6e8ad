"""Windows and courses of an F0: when its contacts count, when it may have been infected, how infectious it was."""

from engine import params
from engine.clock import DAY, FOREVER
from engine.exposure.infectiousness import KNOWN, Course
from engine.exposure.policies import Policy
from engine.people.timelines import F0


def infectious_window(f0: F0, policy: Policy, until: int) -> tuple[int, int]:
    """[open, close) of an F0: from policy and dates, to isolation, ``until``, or the policy's last day."""
    if f0.onset_at is not None:
        before, after = policy.days_before_onset, policy.max_days_after_onset
    else:
        before, after = policy.days_before_sample, policy.max_days_after_sample
    close = min(until, FOREVER if f0.isolated_at is None else f0.isolated_at)
    if after is not None:
        close = min(close, f0.reference + round(after * DAY))
    start = f0.reference - round(before * DAY)
    return start, max(start, close)


def infection_window(f0: F0, until: int) -> tuple[int, int]:
    """[start, end) in which an F0 may have been infected: the two weeks before onset, or before the sample."""
    start = f0.reference - round(params.BACKWARD_WINDOW_D.value * DAY)
    return start, max(start, min(until, f0.reference))


def course_of(f0: F0) -> Course:
    """Infectiousness of an F0: from onset; without symptoms, lower and placed by the sample."""
    if f0.onset_at is not None:
        return Course(f0.onset_at, KNOWN, 1.0)
    peak = f0.reference - round(params.ASYMPTOMATIC_PEAK_BEFORE_SAMPLE_D.value * DAY)
    return Course(peak, KNOWN, params.ASYMPTOMATIC_FACTOR.value)
