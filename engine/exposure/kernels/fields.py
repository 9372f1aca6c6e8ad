"""Where everything is in the arrays of a trace. Kernels of a trace work in these, shell and kernels fill them."""

# Labels: integers (LABEL, n), and chances (2, n).
LABEL = 8
PERSON, START, END, CASE, MOMENT, PARENT, ORIGIN, COURSE = range(LABEL)
"""Code; window in which the person passes on (backward: was infected); number of the case; arrival (backward: latest
moment); label a level nearer; and the course of infectiousness."""
CHANCE, FACTOR = 0, 1
"""Chance that the label is an infection; factor of the course."""

# People reached by a case: integers (n, NODE), and sums (n, 4).
NODE = 16
(
    WHO, LAST_LABEL, HEAD, LEVEL, BEST, REACHED_AT, WITNESS, FIRST, LAST, CHANNELS,
    FLAGS, PIECE_START, PIECE_END, PIECE_NEXT, PLACE, PLACE_NEXT,
) = range(NODE)  # fmt: skip
"""Code; the label whose evidence is in hand, and the last piece of it; the level that what follows is of; the best
moment at nearer levels; moment and label of the witness; extent; a bit a channel; KNOWN | SEED; the first piece of
contact and the first place, and where more of them are in the pool (-1: no more, -2: none at all)."""
KNOWN, SEED = 1, 2
MOST, DOSE, ESCAPED = 0, 1, 2
"""Dose of the witness; of all together; chance to have escaped."""

# Answers: integers (ANSWER, n), and fractions (2, n).
ANSWER = 8
A_PERSON, A_LEVEL, A_FIRST, A_LAST, A_SECONDS, A_CHANNELS, A_VIA, A_CASE = range(ANSWER)
A_DOSE, A_CHANCE = 0, 1

# The state of a trace: how far it is, how much of each array is used.
STATE = 16
(
    NEXT, OPEN_CASE, NODES, POOLED, LABELS, ANSWERS, SHARES, TOUCHED, STAMP, MASK, NEEDED, OPENED_AT, PRIOR,
) = range(13)  # fmt: skip

# What is asked: numbers, and fractions.
NUMBERS = 32
(
    FORWARD, UNTIL, LATENT, OPENED, OWN_SLACK, OTHER_SLACK, ATTENUATION, STAYS, ACCUMULATE,
    ISOLATION, ISOLATIONS, CASES, CASE_ORIGIN, CASE_COURSE, CASE_FACTOR, CASE_COUNT, KEYS, KEY_STARTS,
    AT_LEVEL, DEPTH, LEVEL_END, TO, ALONE, NEAR, PLACES,
) = range(25)  # fmt: skip
"""ATTENUATION: greatest, cdB, -1 without bluetooth; STAYS: whether shared stays count; ACCUMULATE: 0 window, 1 24 h,
2 single; columns by address and length; ALONE: address of the person each case began with, 0: many did;
NEAR: pieces of evidence of the location channel; PLACES: whether to tell shared places."""
FRACTION_COUNT = 12
BUCKETS, RATE, LEAST_S, FIRST_S, STEP_S, UNKNOWN = 0, 7, 8, 9, 10, 11

DONE, MORE_EVIDENCE, MORE_ROOM = 0, 1, 2
"""What a kernel says: done; or stopped, to be called again with more room (NEEDED) for evidence, for all else."""
