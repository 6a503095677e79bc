"""The areas that have a page: the six States by name, then the region."""

from __future__ import annotations

from typing import Final

#: The member States in the alphabetical order of their names.
STATES: Final = ("chn", "prk", "jpn", "mng", "kor", "rus")
REGION: Final = "north-east-asia"
STATES_AND_REGION: Final = (*STATES, REGION)
