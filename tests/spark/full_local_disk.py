"""Grows trees with Spark's own folder on a full disk, then with room on it; prints what came of it.

Argument: the disk, which holds a file "filling" that is removed after the first try.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "learning"))

from cauce.threads import limit_threads  # noqa: E402

limit_threads(1)

from boosting_data import spec, table  # noqa: E402
from test_trees_on_spark import lanes, there  # noqa: E402

from cauce.engines.spark.session import open_session  # noqa: E402
from cauce.errors import CauceError  # noqa: E402
from cauce.testing.spark import QUICK  # noqa: E402


def main(disk: str) -> None:
    session = open_session("local[1]", settings={**QUICK, "spark.local.dir": disk})
    told: dict[str, object] = {}
    try:
        there(session, lanes(table(60_000)), spec(parameters={"rounds": 2}), workers=1)
    except CauceError as error:
        told.update(code=error.code, message=error.message)
    (Path(disk) / "filling").unlink()
    result = there(session, lanes(table(2000)), spec(parameters={"rounds": 2}), workers=1)
    told["rounds"] = len(result.history)
    print(json.dumps(told))
    session.stop()


main(sys.argv[1])
