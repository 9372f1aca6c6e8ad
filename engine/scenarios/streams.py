"""Numbers of the random streams of a run: a draw is a function of (seed, replicate, stream, step, entity).

Two runs that differ in one measure therefore share every draw that the measure does not touch. Numbers are never used
again for something else: stored results would change.
"""

INITIAL = 1
"""Who is infected on day 0."""
IMMUNE = 2
"""Who is immune from the start; one draw a person."""
COURSE = 3
"""Incubation, latent time, symptoms, recovery, death, delay of isolation, compliance with it; by person."""
OUTSIDE = 4
"""Infections from elsewhere; by day and draw."""
CONTACTS = 5
"""Transmission; by day, infector and draw."""
TRACING = 6
"""Which contacts are found; by day, level, way, person and contact."""
TRACED = 7
"""Delay of quarantine; by day and person."""
COMPLIANCE = 8
"""Compliance with quarantine; by person."""
APP = 9
"""Who has the app: one draw a person for all ways of tracing, so that owners at 20 % are owners at 40 %."""
TESTS = 10
"""Moment, place in the queue and result of a test; by day and person."""
RANDOM_TESTS = 11
"""Whom random testing reaches; by day and draw."""
MASKS = 12
"""Who wears a mask; one draw a person."""
VACCINES = 13
"""Order in which the people of a group are vaccinated; one draw a person."""
CAPACITY = 14
"""Who gets into a place that is full; by day, place and person."""
REMOVED = 15
"""Which contacts are taken away for the whole run; by pair."""
COUNT = 16
"""One more than the greatest number."""
