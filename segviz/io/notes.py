"""Sentences about a file that are shown but do not stop it from being opened."""

from __future__ import annotations


class Note(str):
    """A sentence with the code that docs/messages.md lists it under."""

    code: str

    def __new__(cls, code: str, sentence: str) -> Note:
        note = super().__new__(cls, sentence)
        note.code = code
        return note

    def __reduce__(self) -> tuple[type[Note], tuple[str, str]]:
        return Note, (self.code, str(self))
