"""SHACL validation: shapes, report, messages for people."""
