"""The policy paper: its annotated outline, and the tables, chains and gaps that it is written from."""
