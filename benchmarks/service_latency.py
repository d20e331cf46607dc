"""One row, one connection: the service beside a bare ASGI echo of the same body under uvicorn.

`ratio` is of median latencies; `processor_ratio` of the server's processor time for a request, which other
work on the machine disturbs less. Rounds alternate; medians count. The client runs on the same machine.
`mlflow_ratio_of_echo` is how many times as fast as MLflow's service an echo is that does nothing: where it is
below the target, no service that is asked over HTTP reaches that on this machine.
"""

from __future__ import annotations

import argparse
import json

from serving import beside_echo, medians, sync_seconds, workplace

TARGET = 1.8
MLFLOW = 50
"""Times as fast as its service, at least."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--capture", action="store_true", help="also with every prediction kept first")
    parser.add_argument("--mlflow", action="store_true", help="also `mlflow models serve` of the same trees")
    given = parser.parse_args()
    found = beside_echo(
        connections=1,
        seconds=given.seconds,
        rounds=given.rounds,
        capture=given.capture,
        beside_mlflow=given.mlflow,
    )
    median = medians(found, lambda one: one.quantile(0.5))
    processor = medians(found, lambda one: one.processor)
    slowest = medians(found, lambda one: one.quantile(0.99))
    ratio = median["cauce"] / median["echo"]
    result = {
        "name": "service_latency",
        "p50_microseconds": {name: round(value * 1e6, 1) for name, value in median.items()},
        "p99_microseconds": {name: round(value * 1e6, 1) for name, value in slowest.items()},
        "processor_microseconds": {name: round(value * 1e6, 1) for name, value in processor.items()},
        "ratio": round(ratio, 3),
        "processor_ratio": round(processor["cauce"] / processor["echo"], 3),
        "refused": sum(one.refused for one in found["cauce"]),
        "target": TARGET,
        "holds": ratio <= TARGET,
    }
    if given.capture:
        with workplace() as folder:
            sync = sync_seconds(folder)
        result["capture_more_microseconds"] = round((median["capture"] - median["cauce"]) * 1e6, 1)
        result["sync_microseconds"] = round(sync * 1e6, 1)
    if given.mlflow:
        times = median["mlflow"] / median["cauce"]
        result |= {"mlflow_ratio": round(times, 1), "mlflow_target": MLFLOW, "mlflow_holds": times >= MLFLOW}
        result["mlflow_ratio_of_echo"] = round(median["mlflow"] / median["echo"], 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
