"""Versions of the libraries that change numbers."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

_ALSO_NAMED = {"xgboost": ("xgboost-cpu",), "onnxruntime": ("onnxruntime-gpu",)}


def library_versions(*names: str) -> dict[str, str]:
    """Installed versions by name; a library that is not installed is left out. Nothing is imported."""
    found: dict[str, str] = {}
    for name in names:
        for distribution in (name, *_ALSO_NAMED.get(name, ())):
            try:
                found[name] = version(distribution)
            except PackageNotFoundError:
                continue
            break
    return found
