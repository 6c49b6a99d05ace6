"""Which encoding a text is in, where its bytes say so for certain: UTF-8, UTF-16 or GB18030.

GB18030, and GBK in it, is what Chinese Excel saves. It decodes nearly anything, so its text has to
look like Chinese too: Latin-1, Big5, Shift-JIS and EUC-KR read as GBK are made of rare characters.
"""

from __future__ import annotations

import codecs

UTF8 = "utf-8"
GB18030 = "gb18030"
_UTF16 = ("utf-16-le", "utf-16-be")
ENCODINGS = (UTF8, GB18030, *_UTF16)
"""Every encoding that a file is read in, as Python names them."""
LABELS = {GB18030: "GBK (GB18030)", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
"""What people call those that are not UTF-8."""
_MARKS = {codecs.BOM_UTF8: UTF8, codecs.BOM_UTF16_LE: _UTF16[0], codecs.BOM_UTF16_BE: _UTF16[1]}
_UTF32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_MOST_RARE = 0.2
"""Characters, of those beyond ASCII, that a Chinese text has outside the common sets."""
_LEAST_LEVEL_1 = 0.5
"""Of its characters of GB 2312, those of the 3,755 most used (level 1: up to row 55)."""
_LAST_ROW_OF_HANGUL, _ENOUGH = 40, 20
"""Hangul fills rows 16 to 40 of its set alone; of 20 Chinese characters one is beyond them."""


def encoding_of(data: bytes, is_whole: bool) -> str | None:
    """The encoding of a text that begins with these bytes, as Python names it; None: no telling.

    `is_whole` is whether the text ends there; where it does not, its last character may be cut.
    """
    if data.startswith(_UTF32_MARKS):
        return None
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding if _decoded(data, encoding, is_whole) is not None else None
    text = _decoded(data, UTF8, is_whole)
    has_nul = b"\0" in data
    if text is not None and not (has_nul and data[:200].count(0) * 3 >= len(data[:200])):
        return UTF8
    if has_nul:
        return _utf16_of(data, is_whole)
    text = _decoded(data, GB18030, is_whole)
    return GB18030 if text is not None and _is_chinese(text) else None


def _decoded(data: bytes, encoding: str, is_whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, is_whole)
    except UnicodeDecodeError:
        return None


def _utf16_of(data: bytes, is_whole: bool) -> str | None:
    """The byte order in which the text is text: it has some ASCII, and no control characters.

    Read the other way round, every ASCII character is one of a far-off block.
    """
    found = []
    for encoding in _UTF16:
        text = _decoded(data, encoding, is_whole)
        if not text:
            continue
        is_clean = not any(c < " " and c not in "\t\r\n" for c in text)
        ascii_count = sum(c < "\x80" for c in text)
        if is_clean and ascii_count >= 0.2 * len(text):
            found.append(encoding)
    return found[0] if len(found) == 1 else None


def _is_chinese(text: str) -> bool:
    rare = common = level_1 = in_rows_of_hangul = 0
    for character in text:
        if character < "\x80":
            continue
        row = _row(character)
        if row is None or 4 <= row <= 8 or row > 87:  # none, or kana, Greek, Cyrillic
            rare += 1
        elif row >= 16:
            common += 1
            level_1 += row <= 55
            in_rows_of_hangul += row <= _LAST_ROW_OF_HANGUL
        # Else punctuation or full-width forms.
    if rare > _MOST_RARE * (rare + common):
        return False
    if common >= _ENOUGH and in_rows_of_hangul == common:
        return False
    return level_1 >= _LEAST_LEVEL_1 * common


def _row(character: str) -> int | None:
    """The row of a character in GB 2312; of an emoji that of symbols; None: it has none."""
    if 0x1F000 <= ord(character) <= 0x1FBFF or character in "\ufe0f\u200d\ufeff":
        return 1
    try:
        data = character.encode("gbk")
    except UnicodeEncodeError:
        return None
    return data[0] - 0xA0 if min(data) > 0xA0 else None
