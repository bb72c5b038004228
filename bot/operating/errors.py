"""What can go wrong with a backup. Each message is written for whoever runs Rygråd; none holds a secret or a row.

OperatingError
├── NotWritten     no backup was made: a place that cannot be used, no room, or a database that cannot be copied
├── NotABackup     the file is not one of ours, was cut off or altered, or needs a newer release
└── NotRestored    the database is not empty, or does not take the rows; it is as it was before
"""

from __future__ import annotations


class OperatingError(Exception):
    """Base of all of them; worth retrying when what the message names has changed."""


class NotWritten(OperatingError):
    """No backup was made, and nothing was left behind."""


class NotABackup(OperatingError):
    """The file cannot be relied upon."""


class NotRestored(OperatingError):
    """Nothing was written to the database."""
