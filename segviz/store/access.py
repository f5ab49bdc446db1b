"""Addresses that cannot be guessed: each scope has a token made with the workspace's secret."""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from segviz.settings import Settings
from segviz.store import files


def token(settings: Settings, scope: str) -> str:
    """The token of a scope such as ``"case:<id>"`` or ``"uploads"``: 32 bytes, base64url."""
    digest = hmac.digest(_secret(settings.home), scope.encode(), sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def allows(settings: Settings, scope: str, given: str) -> bool:
    """True where the token is that of the scope; takes the same time for any wrong one."""
    return hmac.compare_digest(token(settings, scope).encode(), given.encode())


@cache
def _secret(home: Path) -> bytes:
    path = files.private_folder(home) / "secret"
    if not path.exists():
        _create(path)
    return path.read_bytes()


def _create(path: Path) -> None:
    """Linked into place: of two processes that start at once one wins and none reads half."""
    draft = path.with_name(f"secret.{secrets.token_hex(4)}{files.PART}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    files.fsync(path.parent)
