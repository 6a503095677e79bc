"""The port to a triple store and the stores behind it."""
