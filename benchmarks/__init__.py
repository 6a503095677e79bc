"""Benchmarks of nexuskb beside other SPARQL endpoints: ``python -m benchmarks``; see docs/benchmarks.md."""
