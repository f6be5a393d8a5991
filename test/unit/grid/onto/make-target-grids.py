"""Writes target-grids.json: where PROJ has regions in other systems, their edges followed at 20,001 points a side.

    python -m venv /tmp/grids && /tmp/grids/bin/pip install pyproj==3.7.2 numpy
    /tmp/grids/bin/python test/unit/grid/onto/make-target-grids.py
"""

import json
import math
import pathlib

import numpy as np
import pyproj

CASES = [  # west, south, east, north; CRS; resolution; a full turn, where x goes on past the map's edge
    ([126, 72, 128, 73], "EPSG:3413", 1000, None),
    ([126, 72, 128, 73], "EPSG:3857", 500, None),
    ([170, 60, 190, 70], "EPSG:3413", 1000, None),
    ([170, 60, 190, 70], "EPSG:3571", 1000, None),
    ([170, 60, 190, 70], "EPSG:3857", 1000, 2 * math.pi * 6378137),
    ([-180, 60, 180, 90], "EPSG:3413", 5000, None),
    ([170, 60, 190, 70], "EPSG:4326", 0.03125, 360),
]


def edges(west, south, east, north, points=20_001):
    t, one = np.linspace(0, 1, points), np.ones(points)
    along, up = west + (east - west) * t, south + (north - south) * t
    return np.concatenate([along, along, west * one, east * one]), np.concatenate([south * one, north * one, up, up])


cases = []
for box, crs, resolution, turn in CASES:
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*edges(*box))
    if turn is not None:
        x = np.where(x < 0, x + turn, x)
    bounds = [x.min(), y.min(), x.max(), y.max()]
    low = [math.floor(v / resolution + 0.01) * resolution for v in bounds[:2]]
    high = [math.ceil(v / resolution - 0.01) * resolution for v in bounds[2:]]
    cases.append({"box": box, "crs": crs, "resolution": resolution, "bounds": [float(v) for v in bounds], "snapped": [*low, *high]})

out = pathlib.Path(__file__).with_name("target-grids.json")
out.write_text("[\n  " + ",\n  ".join(json.dumps(case) for case in cases) + "\n]\n")
