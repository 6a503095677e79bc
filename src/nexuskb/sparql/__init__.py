"""Parse, guard, evaluate, format: SPARQL cut along the standard's own seams."""
