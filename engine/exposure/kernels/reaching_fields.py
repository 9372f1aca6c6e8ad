"""Where everything is in the one column of a reach: the lists, what is asked, how far it is, and what it works with."""

from engine.graph.kernels.lists import TABLE

(
    FORWARD, UNTIL, LATENT, OWN_SLACK, OTHER_SLACK, ATTENUATION, STAYS, ISOLATION, ISOLATIONS, DEPTH,
    SEEDS, COUNT, FIRST,
) = range(TABLE, TABLE + 13)  # fmt: skip
"""As in :mod:`engine.exposure.kernels.fields`; UNTIL counts from the lists' first day. Then the address of the seeds,
(COUNT, SEED), and the number that the first of them has in the answer."""
SEED = 3
S_PERSON, S_START, S_END = range(SEED)
"""Moments UTC s."""

(
    NEXT, ROWS, EXAMINED, MASK, TAKEN, KNOWN, KEPT, LABELS, WORDS, LOST, BEGUN, LEVEL,
) = range(TABLE + 16, TABLE + 28)  # fmt: skip
"""Seed to go on from; rows of the answer; records looked at; the table's mask; slots that are taken, and how many of
those were known at nearer levels; people kept of the cases in hand; labels of the next level; words not yet in the
table; whether something had no room; the first of the cases in hand; and their level."""

(
    LABELS_AT, MORE_AT, RANGES_AT, KEPT_AT, SLOTS_AT, TAKEN_AT, WORDS_AT,
    SEED_AT, PERSON_AT, LEVEL_AT, MOMENT_AT,
    LABEL_ROOM, KEPT_ROOM, SLOT_ROOM, TAKEN_ROOM, ANSWER_ROOM, ITEMS_AT, STAYS_AT, STAYS_MASK,
) = range(TABLE + 28, TABLE + 47)  # fmt: skip
"""Addresses, and how much there is room for; labels on their way, and the ring of stays."""
ARRAYS, ROOMS = slice(LABELS_AT, LABEL_ROOM), slice(LABEL_ROOM, ITEMS_AT)
FIELDS = TABLE + 48

LABEL = 4
PERSON, START, END, CASE = range(LABEL)
"""Labels: the number of the case counts from BEGUN."""
RANGE = 8
"""Where the people kept of a case at each level begin and end: (TOGETHER, RANGE, 2)."""
ITEM = 8
I_FROM, I_TO, I_MET, I_MET_END, I_OWN, I_OWN_END = range(6)
"""What is known of a label on its way: window, sightings, own stays, all [first, last)."""
STAY = 4
ROWS_FIRST, ROWS_LAST, SINCE, STAY_UNTIL = range(STAY)
"""A stay in the ring: the rows of everybody who was there meanwhile, and from when to when it counts."""

TOGETHER = 32
"""Cases whose levels are made together: enough that waits overlap, few enough that they stay in the cache."""
ITEMS = 64
"""Labels on their way at once."""
ASKED, LOOKED_UP, STAYS_KNOWN, ROWS_ASKED = 32, 16, 4, 16
"""How many labels ahead each step is; and how many stays ahead rows are asked for."""
BUFFER = 1_024
"""Words that wait to be put into the table."""
FREE, LOW = -1, 0xFFFFFFFF
