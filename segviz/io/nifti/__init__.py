"""NIfTI-1 and NIfTI-2 in one file, plain or gzipped."""

from segviz.io.nifti.reader import examine, read, read_labels
from segviz.io.nifti.writer import canonical_bytes, write_mask, write_owners, write_shares

__all__ = [
    "canonical_bytes",
    "examine",
    "read",
    "read_labels",
    "write_mask",
    "write_owners",
    "write_shares",
]
