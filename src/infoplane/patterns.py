"""The shortest regular expressions that tell some ids from others."""

from __future__ import annotations

from collections.abc import Set

NOTHING = "(?!)"


def beginnings(wanted: Set[str], others: Set[str]) -> str:
    """A pattern of how the `wanted` ids begin and none of the `others` does; all ids have the same length.

    Where there are no others it is empty, where none is wanted nothing matches it.
    """
    if not wanted:
        return NOTHING
    if not others:
        return ""
    parts = []
    for first in sorted({id_[0] for id_ in wanted}):
        among, apart = ({id_[1:] for id_ in ids if id_[0] == first} for ids in (wanted, others))
        parts.append(first + beginnings(among, apart))
    return f"(?:{'|'.join(parts)})"
