"""Open medical volumes and satellite scenes, segment them, correct the masks, measure change."""

__version__ = "0.1.0"
