"""A bundle on its way to another process: bytes that are checked again where they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import ENDS, ONNX, XGBOOST
from cauce.core.bundle.opening import open_bytes

_MOST = 4
_OPENED: dict[str, Bundle] = {}


@dataclass(frozen=True, eq=False)
class Shipped:
    """What scoring needs of a bundle, as bytes; the golden rows and the baseline stay behind."""

    identity: str
    manifest: bytes
    contents: Mapping[str, bytes]

    @staticmethod
    def of(bundle: Bundle) -> Shipped:
        """The bundle's bytes."""
        paths = (XGBOOST, ONNX, *(path for end in ENDS for path in end))
        contents = {path: bundle.contents[path] for path in paths if path in bundle.contents}
        return Shipped(bundle.identity, bundle.manifest.to_bytes(), contents)

    def opened(self) -> Bundle:
        """The bundle, parsed once in each process; E1202 and E1203 where its bytes are not its own."""
        found = _OPENED.get(self.identity)
        if found is None:
            found = open_bytes(self.manifest, self.contents, digest=self.identity)
            while len(_OPENED) >= _MOST:
                del _OPENED[next(iter(_OPENED))]
            _OPENED[self.identity] = found
        return found
