"""Citations: what a footnote, a reference manager or a bibliography needs of a source.

:mod:`references` reads sources and the passages that cite them, :mod:`footnotes` writes them as the United
Nations does, :mod:`csl`, :mod:`bibtex` and :mod:`ris` for other programs.
"""
