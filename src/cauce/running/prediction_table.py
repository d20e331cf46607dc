"""Files scored into a table of a database: all rows once, however often it is tried."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cauce.core.bundle.bundle import Bundle
from cauce.core.canonical import canonical_json
from cauce.core.faults import translated
from cauce.running.prediction import Prediction, PredictOptions, Report, predict_file
from cauce.running.prediction_output import rejected_path
from cauce.sources.files import find_files, fingerprint
from cauce.spec.addresses import parse_address

_FILE = "rows.parquet"


def check_table(out: str) -> None:
    """What `predict_table` would raise of the table's address alone, before any row is scored."""
    from cauce.sources.sql.sink import check_target

    check_target(parse_address(out), home=Path.cwd())


def predict_table(
    bundle: Bundle,
    sources: str | Path | Sequence[str | Path],
    *,
    out: str,
    options: PredictOptions,
    identity: str | None = None,
    report: Report | None = None,
) -> Prediction:
    """Score the rows of files into the table at an address, in one transaction.

    identity: of the rows, where the files' names and bytes do not say it (those of a database).
    Columns: as of a file, and `cauce_run`, which is the same for the same model, files and options: rows that
    an earlier attempt wrote are replaced, never doubled. Rows that cannot be read are kept in the current
    folder. Raises what `predict_file` raises, and E2500 to E2543.
    """
    from cauce.sources.sql.sink import load_rows

    address = parse_address(out)
    paths = (str(sources),) if isinstance(sources, str | Path) else tuple(str(one) for one in sources)
    rows = identity or fingerprint(find_files(paths))
    asked = [bundle.identity, options.version, rows, list(options.key or ())]
    run = hashlib.sha256(canonical_json(asked)).hexdigest()
    with tempfile.TemporaryDirectory(prefix="cauce-") as folder:
        file = Path(folder, _FILE)
        made = predict_file(bundle, sources, out=file, options=options, report=report)
        load_rows(file, address, run=run, home=Path.cwd())
        kept = None
        if made.rejected_path is not None:
            kept = rejected_path(Path(f"{address.fragment.rpartition('.')[2]}.parquet"))
            with translated(kept):
                shutil.move(made.rejected_path, kept)
    return replace(made, path=out, rejected_path=kept)
