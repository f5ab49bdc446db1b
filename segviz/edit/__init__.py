"""What a tool changes in a mask: pure functions from a shape on the screen to a ``Delta``."""
