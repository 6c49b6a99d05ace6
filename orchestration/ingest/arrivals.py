"""Has anything arrived? A cheap signature of folders, from names, sizes and times alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path


def folder_signature(folders: Iterable[Path], passed_over: Collection[Path] = ()) -> str:
    """Hash over path, size and modification time of every file; no file is opened.

    A folder that is missing is an empty one. Hidden files and folders do not count: copying
    tools keep their unfinished files there. Nor does what is to be passed over.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for line in sorted(_files(folder, folder, passed_over)):
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files(folder: Path, root: Path, passed_over: Collection[Path]) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # gone, or closed to this user
        return
    for entry in entries:
        if entry.name.startswith(".") or Path(entry.path) in passed_over:
            continue
        if Path(entry.path).is_dir():
            yield from _files(Path(entry.path), root, passed_over)
            continue
        try:
            stat = entry.stat()
        except OSError:  # gone, or a link to nowhere
            continue
        path = Path(entry.path).relative_to(root).as_posix()
        yield f"{root}\0{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n"
