"""DICOM images: the slices of one series put in order, by pydicom."""

from segviz.io.dicom.header import NOT_DICOM
from segviz.io.dicom.reader import examine, read

__all__ = ["NOT_DICOM", "examine", "read"]
