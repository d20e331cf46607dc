"""How several processes share the tests: what costs seconds to make is made once and used there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[1]

# The files that take one of these fixtures make one share: each costs a gigabyte and ten seconds.
COSTLY = ("spark_session", "spark_cluster")

# The longest, begun first: nobody waits for one of them at the end. Some are long in `make test-all` alone.
LONG = (
    *COSTLY,
    "tests/faults/test_whole_run_faults.py",
    "tests/faults/test_full_disk_commands.py",
    "tests/metrics/test_intervals.py",
    "tests/expr/test_expression_contract.py",
    "tests/house/test_docs_examples.py",
    "tests/faults/test_stopped_runs.py",
    "tests/stores",
    "tests/running",
    "tests/stack/test_stack_started.py",
    "tests/service/test_service_generated_requests.py",
    "tests/tracking",
    "tests/shared_tracking",
    "tests/examples/test_demo.py",
    "tests/examples/test_example_projects.py",
    "tests/examples/test_candidate_examples.py",
    "tests/service/test_service_processes.py",
    "tests/bundles/test_hostile_bundles.py",
)


@cache
def share_of(file: str) -> str:
    """What `file` belongs to: a costly fixture that it or its folder's conftest.py takes; where there is such
    a conftest.py, its folder; else itself."""
    path = ROOT / file
    folder = path.with_name("conftest.py")
    for text in (one.read_text(encoding="utf-8") for one in (path, folder) if one.exists()):
        for fixture in COSTLY:
            if f"{fixture}: " in text:
                return fixture
    return str(Path(file).parent) if folder.exists() else file


def turn_of(share: str) -> int:
    """Its place in the order of work; those of no name keep the order in which they were found."""
    return LONG.index(share) if share in LONG else len(LONG)


class Shares(LoadScopeScheduling):
    """Hands every process one share after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid.partition("::")[0])

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=turn_of), last=False)
        super()._assign_work_unit(node)
