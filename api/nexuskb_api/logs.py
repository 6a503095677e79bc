"""The log of the server: lines for people, or JSON objects for programs.

Nothing in it says who sent a request: no address, no token, and no words of a query unless that is set.
"""

from __future__ import annotations

from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS

from nexuskb.settings import LogSettings

_OURS = ("nexuskb", "nexuskb_api", "uvicorn")


def log_config(log: LogSettings) -> dict[str, Any]:
    """The configuration of the log (as ``logging.config.dictConfig`` takes it), on standard error."""
    text = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    fields = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "format": "%(levelname)s %(name)s %(message)s",
        "rename_fields": {"levelname": "level", "name": "logger"},
        "reserved_attrs": [*RESERVED_ATTRS, "color_message"],
        "timestamp": "time",
        "json_ensure_ascii": False,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": fields if log.format == "json" else text},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "ERROR" if log.level == "error" else "WARNING"},
        "loggers": {name: {"level": log.level.upper()} for name in _OURS},
    }
