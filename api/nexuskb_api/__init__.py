"""The web facade of nexuskb: SPARQL, named questions, records and pages over HTTP."""
