"""Writes expected.json: the cells of the cubes of ../values/numbered-cube.ts, as numpy makes them.

    python -m venv v && v/bin/pip install -r ../values/requirements.txt && v/bin/python make-fixtures.py
"""

import json
import warnings
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 61, 83
FACTORS = [2, 4, 7]
NODATA = {"uint8": 0, "int16": -9999}
ROWS, COLS = 20, 30

row, col = np.mgrid[0:HEIGHT, 0:WIDTH].astype("i8")
number = (row * 7919 + col * 104729 + row * col * 31) % 65521
is_loaded = (row // ROWS + col // COLS) % 4 != 3


def values(dtype):
    """NaN where there is no value."""
    if dtype == "uint8":
        all_values = (number % 256).astype("f8")
    elif dtype == "int16":
        all_values = np.where(number % 11 == 0, -9999, number - 32760).astype("f8")
    elif dtype == "uint16":
        all_values = number.astype("f8")
    else:
        scale = np.where(number % 2 == 0, 1e-3, 1e5)
        all_values = np.where(number % 13 == 0, np.nan, ((number - 30000) / 7) * scale)
        all_values = all_values.astype("f4").astype("f8")
    gaps = ~is_loaded if dtype not in NODATA else ~is_loaded | (all_values == NODATA[dtype])
    return np.where(gaps, np.nan, all_values)


def cells(pixels, factor):
    """[row of cells, column of cells, row, column], with NaN beyond the grid."""
    height, width = -(-HEIGHT // factor), -(-WIDTH // factor)
    padded = np.full((height * factor, width * factor), np.nan)
    padded[:HEIGHT, :WIDTH] = pixels
    return padded.reshape(height, factor, width, factor).transpose(0, 2, 1, 3)


def average(pixels, factor, dtype):
    mean = np.nanmean(cells(pixels, factor), axis=(2, 3))
    if dtype == "float32":
        return mean.astype("f4").astype("f8")
    rounded = np.floor(mean + 0.5)
    if dtype in NODATA:
        nodata = NODATA[dtype]
        rounded = np.where(rounded == nodata, nodata + (1 if nodata == 0 else -1), rounded)
    return rounded


def first_most_frequent(cell):
    counts = {}
    best, most = np.nan, 0
    for value in cell.ravel():
        if np.isnan(value):
            continue
        counts[value] = counts.get(value, 0) + 1
        if counts[value] > most:
            best, most = value, counts[value]
    return best


def mode(pixels, factor):
    blocks = cells(pixels, factor)
    return np.array([[first_most_frequent(cell) for cell in line] for line in blocks])


def near(pixels, factor):
    return cells(pixels, factor)[:, :, factor // 2, factor // 2]


def plain(array):
    """None where there is no value."""
    return [[None if np.isnan(x) else float(x) for x in line] for line in array]


warnings.simplefilter("ignore", RuntimeWarning)
expected = {}
for dtype in ["uint8", "int16", "uint16", "float32"]:
    pixels = values(dtype)
    expected[dtype] = {
        "average": {f: plain(average(pixels, f, dtype)) for f in FACTORS},
        "mode": {f: plain(mode(pixels, f)) for f in FACTORS[1:]},
        "near": {f: plain(near(pixels, f)) for f in FACTORS[1:]},
    }
path = Path(__file__).with_name("expected.json")
path.write_text(json.dumps({"factors": FACTORS, "levels": expected}, separators=(",", ":")) + "\n")
