"""What was found out about a file and is said aloud."""

from __future__ import annotations

from dataclasses import dataclass

from cauce.errors import CauceError, Place


@dataclass(frozen=True)
class Notice:
    """A code of the catalogue ("W04..") with its values, and the file it is about where it is about one."""

    code: str
    values: tuple[tuple[str, str | int], ...] = ()
    file: str | None = None

    @staticmethod
    def of(code: str, file: str | None = None, **values: str | int) -> Notice:
        return Notice(code, tuple(sorted(values.items())), file)

    @property
    def _told(self) -> CauceError:
        return CauceError(self.code, place=Place(self.file) if self.file else None, **dict(self.values))

    @property
    def message(self) -> str:
        """What is said, in the active language."""
        return self._told.message

    @property
    def hint(self) -> str:
        """What to declare if it should be otherwise."""
        return self._told.hint
