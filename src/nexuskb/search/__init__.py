"""Full-text search: an SQLite index a generation of the store, and what is found in it.

``open_index`` opens the index of a generation; ``SearchIndex.search`` asks it.
"""

from nexuskb.search.index import SearchIndex, open_index

__all__ = ["SearchIndex", "open_index"]
