"""SHACL validation: shapes, the whole base, one change, messages for people."""
