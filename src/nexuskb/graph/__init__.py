"""The nexus as a graph: what acts on what, narrowed by what one asks for, drawn, listed and handed on."""
