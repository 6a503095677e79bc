"""Record documents: one record with its labels, evidence and links."""
