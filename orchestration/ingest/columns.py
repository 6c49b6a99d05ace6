"""What is said of a raw table: its columns, and whom they name."""

from __future__ import annotations

from dataclasses import dataclass

INVITER = """
    case when properties like '%"inviter_id"%'
        then try(json_extract_string(properties, '$.inviter_id')) end
"""
"""Whom the acceptance of an invite names beside its own user."""


@dataclass(frozen=True)
class Column:
    """A column that a feed's files may bring; `type` is what the text stands for, `zh` its
    description in Chinese.

    `identifies` says whom a value names, where it names a person: a row that names an erased
    one is erased.
    """

    name: str
    type: str
    description: str
    zh: str = ""
    identifies: str | None = None


@dataclass(frozen=True)
class Actor:
    """Who did what a row of a log tells of, and when: SQL over its raw columns, which says what
    staging reads; a test holds them together. `others` are users whom the row names beside;
    `event` is its id where it has one, `is_event` whether it names what was done."""

    user: str
    device: str
    at: str
    others: tuple[str, ...] = ()
    event: str = "null"
    received: str = "null"
    is_event: str = "true"


@dataclass(frozen=True)
class Feed:
    """A folder of raw files and the table `raw.<name>` that they become.

    `own_id` is the column that tells its rows apart: a row that has it is hashed when somebody
    asks, not by ingest. Of one `by_position` text files may have no header: a line is a row, with
    tabs between its fields, in the order of `columns`, and no quotes.
    """

    name: str
    description: str
    zh: str
    columns: tuple[Column, ...]
    own_id: str | None = None
    actor: Actor | None = None
    by_position: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared columns, `properties` not among them."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a row needs, whatever else it has."""
        return tuple(
            column.name for column in self.columns if column.description.endswith("; required")
        )

    @property
    def users(self) -> tuple[str, ...]:
        """SQL of each id of a user that a row names."""
        return (self.actor.user, *self.actor.others) if self.actor else self._names_of("user")

    @property
    def devices(self) -> tuple[str, ...]:
        """SQL of each id of a device that a row names."""
        return (self.actor.device,) if self.actor else self._names_of("anonymous")

    def _names_of(self, kind: str) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.identifies == kind)
