"""A short run of ``make chaos``."""

from pathlib import Path

import pytest
from chaos import full, kills


def test_no_acknowledged_operation_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    toll = kills.run(tmp_path / "home", 4)
    assert toll.acknowledged > 0 and len(toll.recovery_ms) == 8
    assert (toll.lost, toll.unreadable, toll.wrong, toll.problems) == ([], [], [], [])


def test_a_disk_that_is_full_at_any_write_harms_nothing(tmp_path: Path) -> None:
    found = full.injected(tmp_path, stride=9)
    assert found.places > 5 and found.refused > 0
    assert (found.wrong, found.silent) == (0, 0)


def test_a_small_disk_that_runs_full_harms_nothing(tmp_path: Path) -> None:
    found = full.on_a_small_disk(tmp_path, steps=4, kilobytes=20)
    if found is None:
        pytest.skip("only root can make a small disk")
    assert found.refused > 0
    assert (found.wrong, found.silent) == (0, 0)
