"""A file from its public address, whole and as it was published, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from segviz.errors import Refused

Progress = Callable[[int, int], None]

CHUNK = 2**16
SECONDS = 30
"""Without an answer for so long, the address counts as out of reach."""


def fetch(
    address: str, size: int, digest: str, target: Path, progress: Progress | None = None
) -> None:
    """Write what lies at an address to a file.

    Args:
        size: bytes that it has; not one more is read.
        digest: sha256 that it must have.
        progress: called with (bytes, bytes in all).

    Raises:
        Refused: the address cannot be reached (SV-MDL-021) or gives something else (SV-MDL-022).
    """
    if urlsplit(address).scheme not in ("https", "http"):
        raise ValueError(f"{address} is no web address")
    found = hashlib.sha256()
    done = 0
    try:
        request = Request(address, headers={"User-Agent": "segviz"})
        with urlopen(request, timeout=SECONDS) as answer, target.open("xb") as file:
            while chunk := answer.read(min(CHUNK, size + 1 - done)):
                done += len(chunk)
                if done > size:
                    raise other_than_published()
                found.update(chunk)
                file.write(chunk)
                if progress:
                    progress(done, size)
    except HTTPError as error:
        raise _out_of_reach(address, f"it answers {error.code}") from error
    except (OSError, HTTPException) as error:
        raise _out_of_reach(address, "there is no way to it") from error
    if found.hexdigest() != digest:
        raise other_than_published()


def _out_of_reach(address: str, why: str) -> Refused:
    return Refused(
        "SV-MDL-021",
        f"The weights could not be fetched from {urlsplit(address).hostname}: {why}. Try again "
        "with a network, or fetch them elsewhere and give their folder with --from.",
    )


def other_than_published() -> Refused:
    return Refused(
        "SV-MDL-022",
        "The file is not the one that was published (its sha256 differs), so nothing was added; "
        "its masks could not be trusted. Fetch it again.",
    )
