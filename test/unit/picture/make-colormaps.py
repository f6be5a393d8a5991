"""Writes matplotlib's colour tables for src/picture, and what it makes of numbers with them, for the tests.

    python -m venv /tmp/maps && /tmp/maps/bin/pip install matplotlib==3.11.2
    /tmp/maps/bin/python test/unit/picture/make-colormaps.py

viridis, magma, inferno and plasma are CC0, cividis is by Nunez, Anderton and Renslow (2018, open access), turbo by
Google (Apache 2.0); RdBu, RdYlGn and BrBG are ColorBrewer's (Apache 2.0, https://colorbrewer2.org).
"""

import base64
import json
import pathlib

import matplotlib
import numpy as np
from matplotlib.colors import Normalize

NAMES = ["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "RdBu", "RdYlGn", "BrBG"]
HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parents[2] / "src" / "picture" / "colormap-tables.ts"


def colours(name, numbers, norm=None):
    values = np.asarray(numbers) if norm is None else norm(numbers)
    return matplotlib.colormaps[name](values, bytes=True)[..., :3]


lines = [
    "/**",
    " * Colours of matplotlib's maps, 256 times red, green, blue, as base64. Made by",
    " * test/unit/picture/make-colormaps.py, which says whose they are.",
    " */",
    "export const TABLES = {",
]
for name in NAMES:
    table = base64.b64encode(colours(name, np.arange(256)).tobytes()).decode()
    lines.append(f"  {name}:\n    '{table}',")
SOURCE.write_text("\n".join([*lines, "} as const;", ""]))

values = np.random.default_rng(3).uniform(-12, 62, 60).round(3)
values[:4] = [0, 50, 25, 49.9]
expected = {
    "matplotlib": matplotlib.__version__,
    "range": [0, 50],
    "values": values.tolist(),
    "colours": {
        name: colours(name, values, Normalize(0, 50, clip=True)).tolist()
        for name in ["viridis", "magma", "turbo", "RdBu", "viridis_r"]
    },
    "percentiles": np.percentile(values, [2, 98]).tolist(),
}
(HERE / "colormaps.json").write_text(json.dumps(expected) + "\n")
