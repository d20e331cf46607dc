"""Delimited text files as one table of text cells: dialect, names, records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from cauce.core.reading.dialect import choose_delimiter, has_header, lookalikes, looks_like_data, usable_names
from cauce.core.reading.notices import Notice
from cauce.core.reading.records import Grammar, count_lines
from cauce.errors import CauceError
from cauce.sources.blocks import Block, TextFile, blocks, first_block, first_text
from cauce.sources.decoding import Encoding, find_encoding
from cauce.sources.files import Content, SourceFile
from cauce.sources.options import ReadOptions
from cauce.sources.rejections import Rejection, Rejections
from cauce.sources.tokens import Tokens, Wanted, tokenise
from cauce.sources.unpacking import unpacked

_SAMPLE_BYTES = 1 << 18
_SHORT = 1 << 10


@dataclass(frozen=True)
class DelimitedFile:
    """A text file whose dialect is known. names: of its columns, in its own order. header: the bytes of
    UTF-8 text up to where the rows begin, and the lines they take."""

    text: TextFile
    names: tuple[str, ...]
    header: tuple[int, int] = (0, 0)

    def tokens(self, wanted: Wanted, *, guarded: bool = False) -> Iterator[Tokens]:
        """The cells of the wanted columns, block by block; see `tokenise`."""
        with closing(blocks(self.text)) as found:
            yield from tokenise(
                self._rows(found), self.text.grammar, names=self.names, wanted=wanted, guarded=guarded
            )

    def _rows(self, found: Iterable[Block]) -> Iterator[Block]:
        skip, lines = self.header
        for block in found:
            rest = Block(block.data[skip:], block.line + lines, block.last)
            skip = lines = 0
            if len(rest.data) > _SHORT or rest.data.strip(b"\r\n"):
                yield rest

    def reject(self, tokens: Tokens, failed: dict[int, Rejection], *, rejections: Rejections) -> None:
        """Keep the block's ragged records, and those of its typed rows that `failed` names, in order.

        failed: by row among the records that are not ragged; place and text are filled in here.
        """
        if not tokens.ragged and not failed:
            return
        places = tokens.places(self.text.grammar)
        ragged = {item.record: item for item in tokens.ragged}
        whole = [record for record in range(len(places)) if record not in ragged]
        faults = {whole[row]: rejection for row, rejection in failed.items()}
        for record, item in ragged.items():
            values: dict[str, str | int] = {"found": item.cells, "expected": len(self.names)}
            faults[record] = Rejection(self.text.file.name, 0, None, "E0430", values)
        for record in sorted(faults):
            line, text = places[record]
            rejections.add(replace(faults[record], line=line, text=text))


def open_delimited(
    file: SourceFile, content: Content, *, options: ReadOptions, thorough: bool
) -> tuple[DelimitedFile, list[Notice]]:
    """The file with its encoding, delimiter and names decided, and what is to be said about them.

    thorough: whether all its bytes are looked at to find the encoding; if not, reading it may raise E0407.
    """
    stamp = file.stamp()
    with unpacked(file, content, expansion_limit=options.expansion_limit) as read:
        encoding = find_encoding(file, read, declared=options.encoding, thorough=thorough)
    text = TextFile(
        file,
        content,
        encoding,
        Grammar(options.delimiter or "\t", options.quote),
        options.expansion_limit,
        options.record_limit,
        stamp,
    )
    said = _encoding_notices(file, encoding)
    delimiter = options.delimiter or ("\t" if options.format == "tsv" else None)
    if delimiter is None:
        sample, whole = first_text(text, _SAMPLE_BYTES)
        delimiter = choose_delimiter(sample, options.quote, whole=whole)
        if delimiter not in (None, ","):
            said.append(Notice.of("W0402", file.name, delimiter=_NAMES.get(delimiter or "", str(delimiter))))
    text = replace(text, grammar=Grammar(delimiter or ",", options.quote))
    table, about_names = _named(text, options.header)
    return table, said + about_names


_NAMES = {"\t": "TAB", ";": ";", "|": "|"}


def _encoding_notices(file: SourceFile, encoding: Encoding) -> list[Notice]:
    if encoding.declared or encoding.name == "utf-8":
        return []
    return [Notice.of("W0401", file.name, encoding=encoding.name)]


def _named(text: TextFile, header: bool | None) -> tuple[DelimitedFile, list[Notice]]:
    block = first_block(text)
    grammar = text.grammar
    start, text_end, end = next(item for item in grammar.records(block.data) if item[1] > item[0])
    first = [cell.decode() for cell in grammar.cells(block.data[start:text_end])]
    said = []
    if not grammar.regular(block.data):
        said.append(Notice.of("W0425", text.file.name))
    if not (has_header(first) if header is None else header):
        names = tuple(f"column_{place}" for place in range(1, len(first) + 1))
        if header is None:
            said.append(Notice.of("W0403", text.file.name, count=len(names)))
        return DelimitedFile(text, names), said
    names = usable_names(first)
    said += _name_notices(text.file, first, names, declared=header is not None)
    return DelimitedFile(text, names, (end, count_lines(block.data[:end]))), said


def _name_notices(
    file: SourceFile, first: list[str], names: tuple[str, ...], *, declared: bool
) -> list[Notice]:
    said = []
    for position, (old, new) in enumerate(zip(first, names, strict=True), start=1):
        if old != new:
            code = "W0405" if old.strip() else "W0406"
            said.append(Notice.of(code, file.name, position=position, old=old, new=new))
    odd = sum(looks_like_data(name) for name in first)
    if odd and not declared:
        said.append(Notice.of("W0404", file.name, count=odd))
    alike = lookalikes(names)
    if alike:
        said.append(Notice.of("W0407", file.name, names=", ".join(alike)))
    return said


def same_columns(first: DelimitedFile, other: DelimitedFile) -> None:
    """E0416 where two files of one source do not have the same columns, in any order."""
    missing = sorted(set(first.names) - set(other.names))
    extra = sorted(set(other.names) - set(first.names))
    if missing or extra:
        raise CauceError(
            "E0416",
            place=other.text.file.place(),
            first=first.text.file.name,
            missing=", ".join(missing) or "-",
            extra=", ".join(extra) or "-",
        )
