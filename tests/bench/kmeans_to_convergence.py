#!/usr/bin/env python3
"""K-means to convergence from one start: scikit-learn's Lloyd and Elkan (tol = 0) against latent.

    cmake --preset bench && cmake --build --preset bench --target bench_kmeans_to_convergence
    tests/bench/kmeans_to_convergence.py --sets DIR --mnist DIR --raw DIR

Prints a table in Markdown: a line a data set, scikit-learn's seconds, how many times faster each
algorithm of latent is, then the iterations and the inertia of all, and below it the medians over
the sets. Every program gets the same numbers and the same start: k distinct rows, drawn by --seed
(or what --start says). Needs numpy, scikit-learn and threadpoolctl (Debian: python3-sklearn and
python3-threadpoolctl, for /usr/bin/python3).

    --sets DIR   texts of "x y [label]" rows named as in SETS below (Fraenti and Sieranoja 2018)
    --mnist DIR  t10k-images-idx3-ubyte
    --raw DIR    NAME.meta with lines "n 1000", "d 3", "k 16"; NAME.X.f64 and, as the start,
                 NAME.C0.f64: little-endian doubles, row-major
"""

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import threadpoolctl
from sklearn.cluster import KMeans, kmeans_plusplus

SETS = {
    "s1": 15, "s2": 15, "s3": 15, "s4": 15, "a1": 20, "a2": 35, "a3": 50, "birch1": 100,
    "birch2": 100, "birch3": 100, "unbalance": 8, "d31": 31, "r15": 15, "aggregation": 7,
}
RAW = ["KM1", "KM2", "KM3", "KM4", "KM5", "KM6"]
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "../../build/bench/tests/bench/bench_kmeans_to_convergence")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", help="folder of the clustering sets")
    parser.add_argument("--mnist", help="folder of MNIST")
    parser.add_argument("--raw", help="folder of KM1 ... KM6")
    parser.add_argument("--only", nargs="+", help="data sets to take, by name")
    parser.add_argument("--algorithms", nargs="+", default=["automatic", "lloyd"],
                        help="of latent: automatic, lloyd, and what else it has")
    parser.add_argument("--peers", nargs="*", default=["lloyd", "elkan"],
                        help="of scikit-learn")
    parser.add_argument("--scalar", choices=["float64", "float32"], default="float64")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", choices=["random", "plus_plus"], default="random",
                        help="for sets that bring none; drawn once, by scikit-learn or numpy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repetitions", type=int, default=5, help="the least of them counts")
    parser.add_argument("--long", type=float, default=10.0,
                        help="a fit beyond so many seconds is not repeated")
    parser.add_argument("--most", type=int, default=1000, help="limit of iterations")
    parser.add_argument("--program", default=PROGRAM)
    return parser.parse_args()


def read_text(folder, name):
    return np.loadtxt(os.path.join(folder, name + ".txt"), usecols=(0, 1))


def read_mnist(folder):
    with open(os.path.join(folder, "t10k-images-idx3-ubyte"), "rb") as file:
        magic, count, rows, cols = struct.unpack(">4i", file.read(16))
        assert magic == 2051, "not a file of images"
        pixels = np.frombuffer(file.read(), np.uint8)
    return pixels.reshape(count, rows * cols).astype(float)


def read_raw(folder, name):
    with open(os.path.join(folder, name + ".meta")) as file:
        meta = dict(line.split()[:2] for line in file)
    n, d, k = (int(meta[key]) for key in "ndk")
    x = np.fromfile(os.path.join(folder, name + ".X.f64")).reshape(n, d)
    path = os.path.join(folder, name + ".C0.f64")
    return x, k, np.fromfile(path).reshape(k, d) if os.path.exists(path) else None


def problems(options):
    """(name, loader) of each data set; a loader gives x, k and the start, if it has one."""
    found = []
    if options.sets:
        for name, k in SETS.items():
            found.append((name, lambda name=name, k=k: (read_text(options.sets, name), k, None)))
    if options.mnist:
        for k in (10, 100):
            found.append((f"mnist-{k}", lambda k=k: (read_mnist(options.mnist), k, None)))
    if options.raw:
        for name in RAW:
            found.append((name, lambda name=name: read_raw(options.raw, name)))
    return [item for item in found if not options.only or item[0] in options.only]


def draw_start(x, k, options):
    if options.start == "plus_plus":
        return kmeans_plusplus(x, k, random_state=options.seed)[0]
    distinct = np.unique(x, axis=0, return_index=True)[1]
    rows = np.random.default_rng(options.seed).choice(np.sort(distinct), k, replace=False)
    return x[np.sort(rows)]


def inertia(x, centroids):
    """In double and from the centroids alone, so that all are judged by one rule."""
    norms = (centroids * centroids).sum(1)
    total = 0.0
    for first in range(0, len(x), 4096):
        rows = x[first:first + 4096]
        total += (norms - 2 * (rows @ centroids.T)).min(1).sum() + (rows * rows).sum()
    return total


def fit_peer(x, start, algorithm, options):
    data = np.ascontiguousarray(x, options.scalar)
    seconds = []
    with threadpoolctl.threadpool_limits(options.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while len(seconds) < options.repetitions and (not seconds or seconds[0] < options.long):
            model = KMeans(len(start), init=start.astype(data.dtype), n_init=1, tol=0,
                           max_iter=options.most, algorithm=algorithm)
            before = time.perf_counter()
            model.fit(data)
            seconds.append(time.perf_counter() - before)
    return {"seconds": min(seconds), "iterations": model.n_iter_,
            "inertia": inertia(x, model.cluster_centers_.astype(float))}


def fit_latent(files, shape, k, algorithm, options):
    def call(repetitions):
        said = subprocess.run(
            [options.program, *files, str(shape[0]), str(shape[1]), str(k), algorithm,
             options.scalar, str(options.threads), str(repetitions), str(options.most)],
            check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(said.stdout)

    result = call(1)
    if result["seconds"][0] < options.long and options.repetitions > 1:
        result = call(options.repetitions)
    result["seconds"] = min(result["seconds"])
    return result


def line(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    options = arguments()
    items = problems(options)
    if not items:
        sys.exit("no data: give --sets, --mnist or --raw")
    ours, peers = options.algorithms, options.peers
    print(f"{options.scalar}, {options.threads} thread(s), at most {options.most} iterations, "
          f"least of {options.repetitions}; times = scikit-learn's seconds / latent's\n")
    line(["set", "n x d, k"] + [f"sklearn {p} s" for p in peers] + [f"{a} s" for a in ours] +
         [f"{a}: times {p}" for a in ours for p in peers] +
         ["iterations " + ", ".join(peers + ours), "inertia / least"])
    line(["---"] * (4 + len(peers) + len(ours) + len(ours) * len(peers)))

    times = {(a, p): [] for a in ours for p in peers}
    behind = []  # automatic against the best single algorithm
    for name, load in items:
        x, k, start = load()
        if start is None:
            start = draw_start(x, k, options)
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, part) for part in ("x.f64", "start.f64")]
            for path, array in zip(files, (x, start)):
                np.ascontiguousarray(array, "<f8").tofile(path)
            of_ours = {a: fit_latent(files, x.shape, k, a, options) for a in ours}
        of_peers = {p: fit_peer(x, start, p, options) for p in peers}
        for a, p in times:
            times[a, p].append(of_peers[p]["seconds"] / of_ours[a]["seconds"])
        single = [of_ours[a]["seconds"] for a in ours if a != "automatic"]
        if single and "automatic" in of_ours:
            behind.append((of_ours["automatic"]["seconds"] / min(single), name))
        everyone = [of_peers[p] for p in peers] + [of_ours[a] for a in ours]
        least = min(result["inertia"] for result in everyone)
        line([name, f"{x.shape[0]} x {x.shape[1]}, {k}"] +
             [f"{result['seconds']:.4g}" for result in everyone] +
             [f"{times[pair][-1]:.2f}" for pair in times] +
             [", ".join(str(result["iterations"]) for result in everyone),
              ", ".join(f"{result['inertia'] / least:.6f}" if least > 0 else "0"
                        for result in everyone)])

    print()
    for (a, p), values in times.items():
        print(f"{a}: median {statistics.median(values):.2f} times sklearn's {p} "
              f"(least {min(values):.2f}, most {max(values):.2f})")
    if behind:
        print(f"automatic takes at most {max(behind)[0]:.2f} times the best single algorithm "
              f"({max(behind)[1]})")


if __name__ == "__main__":
    main()
