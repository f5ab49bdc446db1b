"""What becomes of masks when the server is killed or the disk is full; prints what it found.

python tests/chaos [--kills N] [--steps N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from chaos import full, kills  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often the server is killed")
    parser.add_argument("--steps", type=int, default=150, help="how many disks are filled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        toll = kills.run(Path(folder) / "home", given.kills)
        print(toll, flush=True)
        injected = full.injected(Path(folder))
        print(f"No space left, at each write that Python sees: {injected}", flush=True)
        small = full.on_a_small_disk(Path(folder), given.steps)
        print(f"No space left, on a small disk: {small or 'not tried, it needs to be root'}")
    lost = bool(toll.lost or toll.unreadable or toll.wrong or toll.problems)
    broken = any(found and (found.wrong or found.silent) for found in (injected, small))
    return int(lost or broken)


if __name__ == "__main__":
    sys.exit(main())
