"""What became of a valid row when it met the set of accepted events."""

ACCEPTED = 0
"""It is new in the set."""
DUPLICATE = 1
"""The set already holds it (or a later revision of it)."""
RETRACTED = 2
"""Its natural key was retracted at this revision or a later one."""
CHANGED = 3
"""It changed an event that the set already held: accepted too, but what was concluded from it may no longer hold."""
