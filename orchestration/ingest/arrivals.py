"""Has anything arrived? A cheap signature of folders, from names, sizes and times alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

BROUGHT_BY_BUILDS = ".brought-by-builds"
"""A file that a folder has whose files come with a build: they ask for none."""


def folder_signature(folders: Iterable[Path]) -> str:
    """Hash over path, size and modification time of every file; no file is opened.

    A folder that is missing is an empty one. Hidden files and folders do not count: copying
    tools keep their unfinished files there. Nor does what builds bring by themselves.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for line in sorted(_files(folder, folder)):
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files(folder: Path, root: Path) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # gone, or closed to this user
        return
    if any(entry.name == BROUGHT_BY_BUILDS for entry in entries):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if Path(entry.path).is_dir():
            yield from _files(Path(entry.path), root)
            continue
        try:
            stat = entry.stat()
        except OSError:  # gone, or a link to nowhere
            continue
        path = Path(entry.path).relative_to(root).as_posix()
        yield f"{root}\0{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n"
