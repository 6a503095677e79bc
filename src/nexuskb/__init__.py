"""nexuskb: policies, drivers, impacts and interlinkages of climate, land and water, each with evidence."""

from importlib.metadata import version

__version__ = version("nexuskb")
