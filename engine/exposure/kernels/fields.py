"""Where everything is in the memory of a trace: one table of numbers, and rows by address.

Rows of labels, nodes and answers are 64 bytes, one line of the cache each; fields are given as indices of their own
size within the row: of 4 bytes (``_4``), of 8 bytes, or of a byte (``_1``).
"""

import numpy as np

# The table: what is asked. It is the same for all questions that differ in seeds and time alone.
(
    FORWARD, LATENT, OWN_SLACK, OTHER_SLACK, ATTENUATION, STAYS, FIXES, ACCUMULATE, DEPTH, PLACES,
    ISOLATION, ISOLATIONS, CASES, CASE_ORIGIN, CASE_COURSE, CASE_FACTOR, CASE_COUNT, KEYS, KEY_STARTS,
    ATLAS, ATLAS_SIZE, TABLES, STEPS, FIRST_S, STEP_S, RATE, LEAST_S, UNKNOWN, BUCKETS,
) = range(29)  # fmt: skip
"""ATTENUATION: greatest, cdB, -1 without bluetooth; STAYS, FIXES: whether they count; ACCUMULATE: 0 window, 1 24 h,
2 single; columns by address and length; TABLES: cumulative infectiousness, (2, STEPS). From RATE on: fractions."""
ASKED = BUCKETS + 7

# The table: what else is asked, and how far the trace is.
(
    UNTIL, ALONE, SEEDS, SEED_COUNT, OPENED,
    AT_LEVEL, NEXT, LEVEL_END, TO, TOGETHER, OPEN_CASE, OPENED_AT, PRIOR, MASK,
    NODES, POOLED, LABELS, ANSWERS, SHARES, TOUCHED, NEEDED,
) = range(ASKED, ASKED + 21)  # fmt: skip
"""ALONE: whether each seed is a case of its own, whose person is no contact of anybody; SEEDS: address of person, start
and end of each; NEXT: the label that is next; TO: up to where fixes were looked up; TOGETHER: labels whose evidence is
found together; OPEN_CASE: the case in hand, whose nodes begin at OPENED_AT; PRIOR: how many it had before."""

# The table: where the memory is. SELF: of the table; ROWS: how many there is room for, EVIDENCE: of evidence.
(
    SELF, ROWS, EVIDENCE, LABEL_ROWS, NODE_ROWS, BEST_ROWS, ANSWER_ROWS, POOL_ROWS, SHARE_ROWS, TOUCHED_ROWS,
    MINE_ROWS, SLOTS, TIMES, WEIGHTS, WHOLE, PARTS, SCRATCH, RANGES, LEVELS, NEAR, NEAR_PARTS, NEAR_COUNT, TALLY,
    LISTED,
) = range(OPENED + 17, OPENED + 41)  # fmt: skip
"""LISTED: of the column of :mod:`engine.exposure.kernels.reaching_fields`, where there are lists; else 0."""
FEW = 8
"""So many courses of cases find room in the table itself."""
ONE_SEED = LISTED + 1
FEW_CASES = ONE_SEED + 3
TABLE = FEW_CASES + 4 * FEW

# Labels: who, of which case, reached by which label, following which course; the window in which the person passes on
# (backward: was infected); arrival (backward: latest moment); origin of the course; chance of infection; factor.
PERSON_4, CASE_4, PARENT_4, COURSE_4 = range(4)
START, END, MOMENT, ORIGIN, CHANCE, FACTOR = range(2, 8)
LABEL_ROW = np.dtype([
    ("person", "i4"), ("case", "i4"), ("parent", "i4"), ("course", "i4"), ("start", "i8"), ("end", "i8"),
    ("moment", "i8"), ("origin", "i8"), ("chance", "f8"), ("factor", "f8"),
])  # fmt: skip

# Nodes, people reached by a case: code; the label whose evidence is in hand, and the last piece of that; label of the
# witness; more pieces of contact, and places, in the pool (-1: no more than the first, -2: no place at all); level that
# what follows is of; KNOWN | SEED; a bit a channel; extent; dose of all together; chance to have escaped.
WHO_4, LAST_LABEL_4, HEAD_4, WITNESS_4, PIECES_4, PLACE_4, PLACES_4 = range(7)
LEVEL_1, FLAGS_1, CHANNELS_1 = 28, 29, 30
FIRST, LAST, DOSE, ESCAPED = range(4, 8)
KNOWN, SEED = 1, 2
# And, of 16 bytes: the best moment at nearer levels; dose of the witness.
BEST, MOST = 0, 1

# Answers.
A_PERSON_4, A_VIA_4, A_CASE_4 = range(3)
A_LEVEL_1, A_CHANNELS_1 = 12, 13
A_FIRST, A_LAST, A_SECONDS, A_DOSE, A_CHANCE = range(2, 7)

# The pool, of 24 bytes: a piece (from, to), or a place; and the next one, -1: none.
P_START, P_END, P_NEXT = range(3)

ROW_BYTES = {
    LABEL_ROWS: 64, NODE_ROWS: 64, ANSWER_ROWS: 64, SLOTS: 64, BEST_ROWS: 16, POOL_ROWS: 24, SHARE_ROWS: 8,
    TOUCHED_ROWS: 4, MINE_ROWS: 4, TIMES: 40, WEIGHTS: 16,
}  # fmt: skip
"""Bytes of memory for each row there is room for; multiples of 64 first."""

DONE, MORE_EVIDENCE, MORE_ROOM, MORE_FIXES = 0, 1, 2, 3
"""What a kernel says: done; or stopped, to be called again: with more room (NEEDED) for evidence, for all else, or
with the evidence of fixes of the labels from NEXT on."""
