"""The errors of the domain. They know no HTTP and no exit codes: `web.errors` and `cli` map them."""

from __future__ import annotations


class GridMapError(Exception):
    """What is wrong and how to mend it, in one line that may be shown to the user."""


class InputError(GridMapError):
    """Input from outside that cannot be used: a file, a row, a coordinate, a parameter."""

    def __init__(
        self, message: str, *, file: str | None = None, row: int | None = None, field: str | None = None
    ) -> None:
        where = ", ".join(
            part
            for part in (
                file,
                f"row {row}" if row is not None else None,
                f'field "{field}"' if field else None,
            )
            if part
        )
        super().__init__(f"{where}: {message}" if where else message)
        self.file, self.row, self.field = file, row, field


class NotFoundError(GridMapError):
    """Nothing bears the given name, code or reference."""


class ConflictError(GridMapError):
    """The request is sound, but what is stored forbids it."""


class ConfigError(GridMapError):
    """A setting is missing or cannot be used."""


class DatabaseError(GridMapError):
    """The database cannot be reached, created, or brought to the needed version."""
