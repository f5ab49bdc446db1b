"""The workspace: a folder with a database and files. The only door to SQLAlchemy.

``store.open(settings)`` gives the one Store of this process.
"""

from segviz.store.database import Store, open

__all__ = ["Store", "open"]
