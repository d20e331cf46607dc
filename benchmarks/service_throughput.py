"""One row, 32 connections: requests a second of the service beside a bare ASGI echo of the same body.

`ratio` is ours over the echo's, of medians of alternating rounds, one worker each. `processor_ratio` is of
the servers' processor time for a request, the echo's over ours: the ratio with a client elsewhere.
`sync_bound` is what a service that does nothing but sync once for all connections would answer: a group is at
most as large as the connections are many.
"""

from __future__ import annotations

import argparse
import json

from serving import beside_echo, medians, sync_seconds, workplace

CONNECTIONS = 32
TARGET = 0.45
MLFLOW = 100
"""Times as many as its service, at least."""
CAPTURE_TARGET = 0.2
"""Of throughput, at most, where every prediction is on the disk before its answer leaves."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--capture", action="store_true", help="also with every prediction kept first")
    parser.add_argument("--mlflow", action="store_true", help="also `mlflow models serve` of the same trees")
    given = parser.parse_args()
    found = beside_echo(
        connections=CONNECTIONS,
        seconds=given.seconds,
        rounds=given.rounds,
        capture=given.capture,
        beside_mlflow=given.mlflow,
    )
    rate = medians(found, lambda one: one.throughput)
    processor = medians(found, lambda one: one.processor)
    slowest = medians(found, lambda one: one.quantile(0.99))
    ratio = rate["cauce"] / rate["echo"]
    result = {
        "name": "service_throughput",
        "requests_a_second": {name: round(value) for name, value in rate.items()},
        "p99_milliseconds": {name: round(value * 1e3, 2) for name, value in slowest.items()},
        "processor_microseconds": {name: round(value * 1e6, 1) for name, value in processor.items()},
        "ratio": round(ratio, 3),
        "processor_ratio": round(processor["echo"] / processor["cauce"], 3),
        "refused": sum(one.refused for one in found["cauce"]),
        "target": TARGET,
        "holds": ratio >= TARGET,
    }
    if given.capture:
        cost = 1 - rate["capture"] / rate["cauce"]
        more = 1 - processor["cauce"] / processor["capture"]
        result |= {"capture_cost": round(cost, 3), "capture_processor_cost": round(more, 3)}
        result |= {"capture_target": CAPTURE_TARGET, "capture_holds": cost <= CAPTURE_TARGET}
        with workplace() as folder:
            sync = sync_seconds(folder)
        result |= {"sync_microseconds": round(sync * 1e6, 1), "sync_bound": round(CONNECTIONS / sync)}
    if given.mlflow:
        times = rate["cauce"] / rate["mlflow"]
        result |= {"mlflow_ratio": round(times, 1), "mlflow_target": MLFLOW, "mlflow_holds": times >= MLFLOW}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
