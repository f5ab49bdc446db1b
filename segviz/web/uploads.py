"""Files from the browser, streamed to disk.

A file lies under a number of our own; what it was called is kept as JSON in a folder beside it and
never becomes a path.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz.store import Store, access, files
from segviz.web import answers, query
from segviz.web.errors import TooLarge, WrongToken, reported

FILE_LIMIT = 4 * 2**30
KEEP_FREE = 2**30
PIECE = 8 * 2**20
MAX_FILES = 5000


def routes(store: Store) -> list[Route]:
    async def begin(request: Request) -> Response:
        require_token(store, request)
        upload, _ = await run_in_threadpool(store.new_upload)
        return answers.data({"upload": upload})

    async def receive(request: Request) -> Response:
        require_token(store, request)
        folder = await run_in_threadpool(upload_folder, store, request.path_params["upload"])
        index = request.path_params["index"]
        if index >= MAX_FILES:
            raise TooLarge(
                "SV-ARC-413", f"More than {MAX_FILES} files at once; put them into one ZIP file."
            )
        name = query.text(request, "name", "file")
        return answers.data({"bytes": await received(request, folder, index, name)})

    return [
        Route("/sv/uploads/{token}", reported(begin), methods=["POST"]),
        Route("/sv/uploads/{token}/{upload}/{index:int}", reported(receive), methods=["POST"]),
    ]


def require_token(store: Store, request: Request) -> None:
    if not access.allows(store.settings, "uploads", request.path_params["token"]):
        raise WrongToken


def upload_folder(store: Store, upload: str) -> Path:
    """The folder of an upload that was begun; NotFound where none was."""
    store.upload_files(upload)
    return store.home / "uploads" / upload


async def received(request: Request, folder: Path, index: int, name: str) -> int:
    """Write the body to disk in pieces; a file appears under its own name only when whole.

    Raises:
        TooLarge: the file is larger than the limit, or the disk is nearly full.
    """
    require_room(folder, int(request.headers.get("content-length") or 0))
    part = folder / f"{index:05d}{files.PART}"
    size, piece = 0, bytearray()
    with part.open("wb") as file:
        async for chunk in request.stream():
            piece += chunk
            size += len(chunk)
            if len(piece) >= PIECE:
                require_room(folder, size)
                await run_in_threadpool(file.write, bytes(piece))
                piece.clear()
        await run_in_threadpool(file.write, bytes(piece))
    target = folder / f"{index:05d}{suffix(name)}"
    remember_name(target, name)
    await run_in_threadpool(files.publish, part, target)
    return size


def remember_name(path: Path, name: str) -> None:
    names = files.private_folder(path.parent / "names")
    (names / f"{path.name}.json").write_text(json.dumps({"name": name}))


def require_room(folder: Path, size: int) -> None:
    if size > FILE_LIMIT:
        raise TooLarge(
            "SV-ARC-414",
            "The file is larger than 4 GB; put it into the server's folder and open it from there.",
        )
    if shutil.disk_usage(folder).free < KEEP_FREE:
        raise TooLarge(
            "SV-ARC-415",
            "The server's disk has less than 1 GB left, so nothing was taken; make room first.",
        )


def suffix(name: str) -> str:
    """The ending that says what a file is, if it is one we know."""
    known = re.search(r"\.(nii\.gz|nii|nrrd|nhdr|mha|hdr|img|tiff?|dcm|zip)$", name.lower())
    return f".{known[1]}" if known else ""
