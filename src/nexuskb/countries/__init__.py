"""States and the region: the profile of one, and several side by side."""
