"""Everything a user can cause.

    SegvizError
      Refused         the input cannot be used; nothing was loaded
      Question        the reader must choose; ``choices`` lists the answers
      NotFound        no such case, image, mask or model
      Conflict        the mask has moved on since the edit was made
      Cancelled       the user stopped slow work
      Damaged         a file of ours no longer says what was written
      DiskFull        nothing more can be saved; all that was saved still stands

A message is one sentence in the user's words: what is wrong, where, what it would do to the
number, what to do. It holds no class names, paths or patient data. ``code`` is ``SV-<area>-<nnn>``
and is never used again for something else; docs/messages.md lists all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SegvizError(Exception):
    """Base of all errors whose text is meant for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class Refused(SegvizError):
    """The input cannot be used."""


class Question(SegvizError):
    """The reader must choose before the input can be used.

    Attributes:
        key: name of the answer, e.g. ``series``; open again with ``answers={key: ...}``.
        choices: answer -> sentence shown to the user; empty when the answer is typed.
    """

    def __init__(
        self, code: str, message: str, key: str, choices: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, message)
        self.key = key
        self.choices = dict(choices or {})


class NotFound(SegvizError):
    """No such case, image, mask or model."""


class Conflict(SegvizError):
    """The mask has moved on since the edit was made.

    Attributes:
        conflict: what was done meanwhile: revision, cells, operations; None where it is not known.
    """

    def __init__(self, code: str, message: str, conflict: dict[str, Any] | None = None) -> None:
        super().__init__(code, message)
        self.conflict = conflict


class Cancelled(SegvizError):
    """The user stopped slow work."""

    def __init__(self) -> None:
        super().__init__("SV-RUN-001", "Stopped; the mask is as it was before.")


class Damaged(SegvizError):
    """A file of ours no longer says what was written."""


class DiskFull(SegvizError):
    """Nothing more can be saved; all that was saved still stands."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            "SV-EDIT-040",
            message or "Saving stopped: the disk is full. Free some space and do it again.",
        )
