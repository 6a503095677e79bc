"""Matrices of the paper: the answer to one named question each, as a table, a spreadsheet and a figure."""
