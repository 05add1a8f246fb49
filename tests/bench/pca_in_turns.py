#!/usr/bin/env python3
"""bench_pca_peer in turns with NumPy and SciPy, on a machine whose speed changes by the minute.

    BENCHDATA=<folder> OMP_NUM_THREADS=1 tests/bench/pca_in_turns.py build/bench/tests/bench/bench_pca_peer PCA1

Each round times some fits of either; printed is the median over rounds of the ratio NumPy / latent,
with the least and the largest. NumPy takes the smaller of the two squares of the centred data and
LAPACK's leading eigenvectors (scipy.linalg.eigh, subset_by_index), in the scalar of the data.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import numpy as np
import scipy.linalg


def principal_axes(x, k):
    y = x - x.mean(0)
    n, d = y.shape
    if n >= d:
        return scipy.linalg.eigh(y.T @ y, subset_by_index=[d - k, d - 1], overwrite_a=True,
                                 check_finite=False)[1].T
    w, u = scipy.linalg.eigh(y @ y.T, subset_by_index=[n - k, n - 1], overwrite_a=True,
                             check_finite=False)
    return (u.T @ y) / np.sqrt(w)[:, None]


def median_seconds(call, repetitions):
    call()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("driver")
    parser.add_argument("tasks", nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repetitions", type=int, default=5)
    args = parser.parse_args()
    folder = os.environ["BENCHDATA"]
    threads = os.environ.get("OMP_NUM_THREADS", "1")
    for task in args.tasks:
        with open(f"{folder}/{task}.meta") as lines:
            meta = dict(line.split(maxsplit=1) for line in lines)
        n, d, k = (int(meta[key]) for key in "ndk")
        x = np.fromfile(f"{folder}/{task}.X.f64").reshape(n, d)
        data = {"float64": x, "float32": x.astype(np.float32)}
        ratios = {scalar: [] for scalar in data}
        for _ in range(args.rounds):
            theirs = {s: median_seconds(lambda: principal_axes(data[s], k), args.repetitions)
                      for s in data}
            out = subprocess.run(
                [args.driver, task, threads], check=True, capture_output=True, text=True,
                env={**os.environ, "ONLY_DEFAULT": "1", "REPS": str(args.repetitions)}).stdout
            for line in out.splitlines():
                result = json.loads(line)
                ratios[result["dtype"]].append(theirs[result["dtype"]] / result["seconds_total"])
        for scalar, values in ratios.items():
            print(f"{task} {scalar} {threads} threads: {statistics.median(values):.2f} "
                  f"({min(values):.2f} ... {max(values):.2f})", flush=True)


if __name__ == "__main__":
    main()
