"""Where rows come from: text and Parquet files, read exactly, with what was decided said aloud."""

from cauce.sources.options import ReadOptions
from cauce.sources.rejections import Rejection, Rejections
from cauce.sources.source import FilePiece, FileSource, open_source

__all__ = ["FilePiece", "FileSource", "ReadOptions", "Rejection", "Rejections", "open_source"]
