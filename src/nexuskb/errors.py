"""The errors that the library raises on purpose, each with a message for the person who caused it.

::

    NexusError
    ├── SettingsError      a setting names something that is not there
    ├── StoreError         the remote store does not do its part
    │   └── OtherBaseError     it holds a base that is not made of the files and the ledger here
    ├── LedgerError        the ledger cannot be read or written
    ├── ContentError       a curated file cannot be read
    ├── QueryError         a query cannot be answered as it stands
    │   ├── QuerySyntaxError   it does not parse: line, column, what was expected
    │   ├── QueryRefusedError  it asks for something the base does not do (update, SERVICE, ...)
    │   └── QueryLimitError    it needs more time, memory or text than it may have
    ├── QuestionError      a named question or one of its parameters is unknown
    ├── RecordNotFoundError
    ├── SubmissionError    what was handed in cannot be read as records
    ├── TokenError         a token or a session that lets nobody in
    ├── EntryError         something entered is not taken as it stands; nothing of it was written
    │   ├── MalformedEntryError  it is not the content of one record
    │   ├── NotPermittedError    the person has no right to it
    │   ├── StaleError           the record has changed since the person saw it
    │   ├── StepError            the record stands where this cannot be done to it
    │   ├── RejectedError        it does not conform to the shapes: a report
    │   └── KeyReusedError       the idempotency key was used for something else
    ├── UnknownTermError   a kind, an area or another term that the base does not have
    └── FormatError        an unknown format
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nexuskb.validation.report import Report


class NexusError(Exception):
    """Root of all errors meant for people; ``str()`` of it is the message."""


class SettingsError(NexusError):
    """A setting names something that is not there."""


class StoreError(NexusError):
    """The remote store does not do its part: it is out of reach, refuses us, or does not hold the base."""


class OtherBaseError(StoreError):
    """The remote store holds a base that is not made of the files and the ledger here."""


class LedgerError(NexusError):
    """The ledger cannot be used: disk full, damaged, of a newer version. Nothing is half written."""


class ContentError(NexusError):
    """A curated file cannot be read; the message names the file and the line."""


class QueryError(NexusError):
    """A query cannot be answered as it stands."""


class QuerySyntaxError(QueryError):
    """A query does not parse.

    ``line`` and ``column`` count from 1; ``expected`` says what the grammar would have allowed there.
    """

    def __init__(
        self, message: str, line: int | None = None, column: int | None = None, expected: str = ""
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.expected = expected


class QueryRefusedError(QueryError):
    """A query asks for something that the base does not do; ``feature`` names it."""

    def __init__(self, message: str, feature: str) -> None:
        super().__init__(message)
        self.feature = feature


class QueryLimitError(QueryError):
    """A query needs more than it may have.

    ``limit`` names the limit (time, memory, size, depth); ``retry_after`` says after how many seconds the
    same query may do better, where that is known.
    """

    def __init__(self, message: str, limit: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after = retry_after


class QuestionError(NexusError):
    """A named question or one of its parameters is unknown; ``parameter`` names it where it is one."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class RecordNotFoundError(NexusError):
    """No record has this identifier."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that keeps a submission from being read.

    ``place`` is a JSON pointer, a line and column or a cell; ``field`` the field's name, ``value`` what was
    given, ``message`` what is wrong and what to do, ``suggestion`` the nearest that would do.
    """

    message: str
    place: str = ""
    field: str = ""
    value: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        meant = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{where}{self.message}{meant}"


class SubmissionError(NexusError):
    """What was handed in cannot be read as records; ``faults`` holds everything found, in order.

    ``too_large`` says that a limit was exceeded, ``unknown_type`` that the media type is not one of ours.
    """

    def __init__(self, faults: list[Fault], *, too_large: bool = False, unknown_type: bool = False) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
        self.too_large = too_large
        self.unknown_type = unknown_type


class UnknownTermError(NexusError):
    """A kind, an area or another term that the base does not have; the message says what is near."""


class FormatError(NexusError):
    """An unknown format; the message lists the known ones."""


class TokenError(NexusError):
    """A token or a session that lets nobody in: unknown, expired, revoked. The message never repeats it."""


class EntryError(NexusError):
    """Something entered is not taken as it stands; nothing of it was written."""


class MalformedEntryError(EntryError):
    """It is not the content of one record: foreign subjects, unknown fields, values too long."""


class NotPermittedError(EntryError):
    """The person has no right to do this to this record."""


class StaleError(EntryError):
    """The record has changed since the person saw it; ``tag`` is its revision tag now, "" if it is new."""

    def __init__(self, message: str, tag: str) -> None:
        super().__init__(message)
        self.tag = tag


class StepError(EntryError):
    """The record stands where this cannot be done to it; ``possible`` names what can."""

    def __init__(self, message: str, possible: tuple[str, ...]) -> None:
        super().__init__(message)
        self.possible = possible


class RejectedError(EntryError):
    """It does not conform; ``report`` says what is wrong with which field."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


class KeyReusedError(EntryError):
    """The idempotency key was used before, for something else."""
