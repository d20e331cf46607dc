"""A request of 1,000 rows: processor time of the service beside JSON and XGBoost's inplace_predict.

Reference, in this process with one thread: json.loads, the columns as a float32 matrix, texts as codes,
then `inplace_predict` of the same trees. Ours: the worker's processor time for a request, HTTP included.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from cauce.threads import limit_threads
from serving import LEVELS, bundle_folder, cauce, load, rows, workplace

ROWS = 1000
TARGET = 2.5


def reference(document: bytes, model: bytes) -> float:
    """Seconds of processor time, the least of several."""
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    codes = {level: float(place) for place, level in enumerate(LEVELS)}

    def score() -> None:
        found = json.loads(document)
        matrix = np.array(
            [
                [codes.get(value, np.nan) if type(value) is str else value for value in row.values()]
                for row in found
            ],
            dtype=np.float32,
        )
        booster.inplace_predict(matrix, missing=np.nan)

    least = float("inf")
    for _ in range(20):
        began = time.process_time()
        score()
        least = min(least, time.process_time() - began)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    limit_threads(1)
    from cauce.core.bundle.opening import open_bundle
    from cauce.core.trees.document import write_xgboost

    document = rows(ROWS, seed=5).write_json().encode()
    with workplace() as folder:
        where, digest = bundle_folder(folder)
        theirs = reference(document, write_xgboost(open_bundle(where).ensemble))
        with cauce(where, digest, patience=60.0) as (url, pid):
            loads = [
                load(url, [document], connections=1, seconds=given.seconds, pid=pid)
                for _ in range(given.rounds)
            ]
    ours = min(one.processor for one in loads)
    ratio = ours / theirs
    result = {
        "name": "service_batch",
        "rows": ROWS,
        "processor_milliseconds": {"reference": round(theirs * 1e3, 2), "cauce": round(ours * 1e3, 2)},
        "p50_milliseconds": round(min(one.quantile(0.5) for one in loads) * 1e3, 2),
        "ratio": round(ratio, 3),
        "refused": sum(one.refused for one in loads),
        "target": TARGET,
        "holds": ratio <= TARGET,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
