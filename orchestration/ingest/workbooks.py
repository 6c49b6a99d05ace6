"""Excel workbooks (.xlsx) as rows of texts: of the sheet that is named as the feed, or the first.

Texts are what a csv would hold: dates in ISO 8601, whole numbers without `.0`.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from orchestration.ingest.files import (
    READING_ERRORS,
    UnreadableFileError,
    most_bytes,
    too_large,
)

MAX_SHARED_BYTES = 512 << 20
"""What the texts of a workbook may unpack to: they are held in memory."""
_DIGITS_THAT_EXCEL_KEEPS = 15


@contextmanager
def _damage_told() -> Iterator[None]:
    """Raise what openpyxl raises of what is no workbook as `UnreadableFileError`."""
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        yield
    except UnreadableFileError:
        raise
    except (
        *READING_ERRORS, InvalidFileException, ParseError, KeyError, ValueError, TypeError,
    ) as error:  # fmt: skip
        raise UnreadableFileError(
            f"The file is damaged, encrypted, or is no .xlsx ({error}). Save it again."
        ) from error


@contextmanager
def _sheet(path: Path, name: str, is_read_only: bool = True) -> Iterator[tuple[Any, Any]]:
    """The workbook, and its sheet that is read."""
    with _damage_told(), warnings.catch_warnings():
        from openpyxl import load_workbook  # half a second

        warnings.simplefilter("ignore")  # about styles that it does not know
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                is_shared = member.filename.lower().endswith("sharedstrings.xml")
                if is_shared and member.file_size > MAX_SHARED_BYTES:
                    raise UnreadableFileError(
                        f"The texts of the workbook unpack to over {MAX_SHARED_BYTES >> 20} MB, "
                        "which are held in memory: save it as CSV UTF-8."
                    )
                if member.file_size > most_bytes(size):
                    raise UnreadableFileError(too_large(size))
        book = load_workbook(path, read_only=is_read_only, data_only=is_read_only)
    try:
        sheets = {sheet.title.strip().lower(): sheet for sheet in reversed(book.worksheets)}
        if not sheets:
            raise UnreadableFileError("The workbook has no sheet of cells.")
        yield book, sheets.get(name.lower(), book.worksheets[0])
    finally:
        book.close()


def rows(path: Path, name: str, notes: list[str]) -> Iterator[list[str]]:
    """The rows of a workbook, blank ones too; what has to be said of it goes to `notes`."""
    with _sheet(path, name) as (book, sheet), _damage_told():
        if len(book.worksheets) > 1:
            notes.append(f"Of {len(book.worksheets)} sheets {sheet.title} is read.")
        sheet.reset_dimensions()  # what others write there may be wrong
        header: list[str] = []
        cut: dict[int, int] = {}
        for row in sheet.iter_rows():
            texts = [_text(cell) for cell in row]
            if not header:
                header = "\0".join(texts).rstrip("\0").split("\0") if any(texts) else []
            for position, cell in enumerate(row):
                value = cell.value
                if isinstance(value, float) and abs(value) >= 10**_DIGITS_THAT_EXCEL_KEEPS:
                    cut[position] = cut.get(position, 0) + 1
            # Cells that were filled once may be empty for ever, to the right of the header.
            beyond = texts if any(texts[len(header) :]) else texts[: len(header)]
            yield beyond + [""] * (len(header) - len(texts))
        for position, count in cut.items():
            column = header[position] if position < len(header) else f"column_{position + 1}"
            notes.append(
                f"{column} has numbers of over {_DIGITS_THAT_EXCEL_KEEPS} digits, in {count:,} "
                f"rows. Excel keeps {_DIGITS_THAT_EXCEL_KEEPS} of them: ids have lost their ends. "
                "Deliver csv, or format the column as text before ids are put into it."
            )


def start(path: Path, name: str) -> list[list[str]]:
    """The rows of a workbook down to its header."""
    first: list[list[str]] = []
    for row in rows(path, name, []):
        first.append(row)
        if any(row):
            break
    return first


def write_without(path: Path, name: str, new: Path, goes: Callable[[int, str], bool]) -> None:
    """Write a workbook again without the rows of its sheet that go.

    `goes` is asked with a row's number (its header is row 0, blank rows do not count) and text.
    """
    with _sheet(path, name, is_read_only=False) as (book, sheet):
        number = -1
        gone = []
        for row in sheet.iter_rows():
            texts = [_text(cell) for cell in row]
            number += any(texts)
            if any(texts) and number > 0 and goes(number, " ".join(texts)):
                gone.append(row[0].row)
        for place in reversed(gone):
            sheet.delete_rows(place)
        book.save(new)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        has_time = any(letter in _codes(cell.number_format) for letter in "hs")
        return value.isoformat(sep=" ") if has_time or value.time() != time() else (
            value.date().isoformat()
        )  # fmt: skip
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _codes(number_format: str) -> str:
    """The codes of a number format, without the texts and colours in it."""
    return "".join(number_format.lower().split('"')[::2]).split("]")[-1]
