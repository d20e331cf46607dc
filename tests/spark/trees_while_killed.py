"""Grows trees on the master of $CAUCE_TEST_MASTER, and makes a file once they grow; for a child process."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "learning"))

from cauce.threads import limit_threads  # noqa: E402

limit_threads(1)

from boosting_data import spec, table  # noqa: E402
from test_trees_on_spark import assert_same, here, lanes, there  # noqa: E402


def tell_when_growing(context: Any, marker: Path) -> None:
    """Make the file a moment after two tasks of the stage that grows trees have begun."""
    tracker, first = context.statusTracker(), None
    while True:
        time.sleep(0.2)
        stages = sorted(tracker.getActiveStageIds())
        known = [tracker.getStageInfo(stage) for stage in stages]
        busy = [stage for stage, one in zip(stages, known, strict=True) if one and one.numActiveTasks == 2]
        if busy and first is not None and max(busy) > first:
            time.sleep(8)
            marker.touch()
            return
        first = min(stages) if stages and first is None else first


def main() -> None:
    from cauce.engines.spark.session import open_session
    from cauce.testing.spark import QUICK

    session = open_session(
        os.environ["CAUCE_TEST_MASTER"], settings={**QUICK, "spark.executor.memory": "512m"}
    )
    frame, asked = lanes(table(4000)), spec(parameters={"rounds": 1500, "eta": 0.02})
    looking = threading.Thread(target=tell_when_growing, args=(session.sparkContext, Path(sys.argv[1])))
    looking.daemon = True
    looking.start()
    assert_same(there(session, frame, asked, workers=2), here(frame, asked))
    print("the same trees")
    session.stop()


main()
