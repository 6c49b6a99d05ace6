"""The values of a JSON text that is not one object a line: arrays, and objects over many lines.

The elements of an array are values each; what is in them stays as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from orchestration.ingest.files import UnreadableFileError

MAX_CHARACTERS = 16_000_000
"""A longer value makes its file unreadable, as a longer line does."""
# Numbers stay text: one of thousands of digits is none that Python would read.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_NUMBER = frozenset("0123456789+-.eE")
_BLANK = re.compile(r"[ \t\r\n\ufeff]*")


def is_document(start: str) -> bool:
    """Whether a JSON text that begins so is not one object a line."""
    text = start.lstrip()
    if text.startswith("["):
        return True
    if not text.startswith("{"):
        return False
    try:
        _, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        return "\n" in text[: error.pos].rstrip() and _is_cut(error, text)
    except RecursionError:
        return False
    rest = text[end:].split("\n", 1)[0].strip()
    return "\n" in text[:end] or rest.startswith(("{", "["))


def values(chunks: Iterable[str], levels: int = 100) -> Iterator[str]:
    """The values in a JSON text that comes in pieces, each as it is written there.

    Of an array, and of arrays in it down to so many levels, the elements. Raises
    `UnreadableFileError` where the text is no JSON, or breaks off.
    """
    pieces = iter(chunks)
    text, place, line = "", 0, 1
    is_last: object = False
    depth = 0
    is_due = True  # a value, or the end; else a comma, or the end of the array

    while True:
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]
        mark = text[place : place + 1]
        problem, at = "", place
        if not mark:
            if is_last and not depth:
                return
        elif depth and mark == "]":
            depth, place = depth - 1, place + 1
            is_due = depth == 0
            continue
        elif not is_due and mark == ",":
            is_due, place = True, place + 1
            continue
        elif is_due and mark == "[" and depth < levels:
            depth, place = depth + 1, place + 1
            continue
        elif not is_due:
            problem = is_last = "a comma is missing"
        else:
            try:
                _, end = _DECODER.raw_decode(text, place)
            except json.JSONDecodeError as error:
                problem, at = ("" if _is_cut(error, text) else error.msg), error.pos
            except RecursionError:
                problem = is_last = "it is nested too deeply"
            else:
                # A number that ends with the text may go on in the next piece.
                if is_last or (text[end : end + 1] and (mark in '{"[' or text[end] not in _NUMBER)):
                    yield text[place:end]
                    place, is_due = end, depth == 0
                    continue
        if is_last or len(text) - place > MAX_CHARACTERS:
            where = f"{line + text.count(chr(10), 0, at):,}"
            raise UnreadableFileError(
                f"Line {where} is no JSON: {problem}. Mend it, or write one object a line."
                if problem
                else f"The file is cut off: its JSON breaks off in line {where}. Deliver it again."
                if is_last
                else f"In or before line {where} is a value of more than {MAX_CHARACTERS:,} "
                "characters. Write one object a line."
            )
        line += text.count("\n", 0, place)
        text, place = text[place:], 0
        piece = next(pieces, None)
        is_last = piece is None
        text += piece or ""


def one_line(value: str) -> str:
    """A JSON value without line breaks, which stand between its parts alone."""
    return value.replace("\r", " ").replace("\n", " ")


def _is_cut(error: json.JSONDecodeError, text: str) -> bool:
    """Whether it may be only that the text ends too early."""
    rest = text[error.pos :].rstrip()
    return (
        not rest
        or error.msg.startswith("Unterminated string")
        or any(word.startswith(rest) for word in ("true", "false", "null"))
    )
