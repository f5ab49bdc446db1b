"""Questions that several formats ask."""

from __future__ import annotations

from collections.abc import Mapping

from segviz.errors import Question


def chosen_volume(volumes: int, answers: Mapping[str, str]) -> int:
    """Which volume of a file to read, from 0.

    Raises:
        Question: the file holds several (SV-NII-013, key ``volume``).
    """
    if volumes == 1:
        return 0
    choices = {str(n): f"Volume {n + 1} of {volumes}" for n in range(volumes)}
    answer = answers.get("volume")
    if answer not in choices:
        raise Question(
            "SV-NII-013",
            f"This file holds {volumes} volumes; one is shown and measured at a time. Which one?",
            "volume",
            choices,
        )
    return int(answer)
