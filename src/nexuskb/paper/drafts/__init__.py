"""Checking a draft of the paper against the base: citations, figures, names and quotations."""
