"""The identity of what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path


def sha256(paths: Sequence[Path]) -> str:
    """SHA-256 of one file's bytes; of several files, of their digests in sorted order."""
    if len(paths) == 1:
        with paths[0].open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return combined(sha256([path]) for path in paths)


def combined(digests: Iterable[str]) -> str:
    """One digest for several files, whatever order they came in."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
