"""Where PROJ says that each pixel of a cube comes from, and what the cube holds there.

    python3 check_places.py FOLDER

FOLDER is that of make-imports.mjs. The centre of each of a cube's pixels is transformed to the file's system
by PROJ itself, then to the file's pixels, and floored: `near`. The PROJ must be the very library that GDAL
uses, so that both have the same register and grids. Prints a table; exits with 1 where a pixel disagrees,
with 77 where the PROJ is another one.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pyproj
from pyproj import CRS, Transformer

# Positions this near to the edge of a file's pixel may be rounded to either side of it.
ROUNDING = 1e-3

folder = Path(sys.argv[1])
made = json.loads((folder / "cases.json").read_text())
CRS.from_epsg(4326)
loaded = re.search(r"\S*libproj\S*\.so\S*", Path("/proc/self/maps").read_text())
if made["proj"] is None or loaded is None or Path(loaded[0]).resolve() != Path(made["proj"]).resolve():
    print(f"PROJ of pyproj: {loaded and loaded[0]}; of GDAL: {made['proj']}")
    sys.exit(77)


print(f"pyproj {pyproj.__version__}, PROJ {pyproj.proj_version_str} ({loaded[0]}), GDAL {made['gdal']}")
print(f"{'file':40} {'cube':12} {'compared':>9} {'valid':>8} {'wrong':>6}  {'on edges':>8}")
wrong_cases = 0
total = 0
systems = set()
for i, case in enumerate(made["cases"]):
    file, cube = CRS.from_user_input(case["file"]), CRS.from_user_input(case["cube"])
    rows, cols = case["grid"]["shape"]
    a, b, c, d, e, f = case["grid"]["affine"]
    col, row = np.meshgrid(np.arange(cols) + 0.5, np.arange(rows) + 0.5)
    transformer = Transformer.from_crs(cube, file, always_xy=True)
    cx, cy = (a * col + b * row + c).ravel(), (d * col + e * row + f).ravel()
    x, y = transformer.transform(cx, cy)
    # Places off the earth, for which some projections have numbers all the same, are nobody's.
    bx, by = transformer.transform(x, y, direction="INVERSE")
    with np.errstate(invalid="ignore"):
        off = np.hypot(np.asarray(bx) - cx, np.asarray(by) - cy) / abs(a)
        turns = 360 / abs(a) if cube.is_geographic else 2 * np.pi * 6378137 / abs(a)
        on_earth = np.isfinite(off) & ((off < 1) | (np.abs(off - turns) < 1))
    x0, dx, _, y0, _, dy = case["transform"]
    height, width = case["shape"]
    if file.is_geographic:
        # The same place by whole turns, into the file.
        turn = 2 * np.pi / file.axis_info[0].unit_conversion_factor
        with np.errstate(invalid="ignore"):
            x = x0 + np.mod(x - x0, turn)
    with np.errstate(invalid="ignore"):
        px, py = (x - x0) / dx, (y - y0) / dy
        inside = np.isfinite(px) & np.isfinite(py) & (px >= 0) & (py >= 0) & (px < width) & (py < height)
        near_edge = np.isfinite(px) & np.isfinite(py) & (
            (np.abs(px - np.round(px)) < ROUNDING) | (np.abs(py - np.round(py)) < ROUNDING)
        )
    # What nobody has a number for must hold no value; what is off the earth may.
    on_earth_or_none = on_earth | ~np.isfinite(px)
    wanted = np.full(rows * cols, -1)
    wanted[inside] = np.floor(py[inside]).astype(int) * width + np.floor(px[inside]).astype(int)
    ours = np.fromfile(folder / f"{i}.pixels", dtype=np.int32)
    differs = on_earth_or_none & (ours != wanted)
    wrong = int((differs & ~near_edge).sum())
    on_edges = int((differs & near_edge).sum())
    total += int(on_earth_or_none.sum())
    systems.update([case["file"], case["cube"]])
    print(
        f"{case['file'][:40]:40} {case['cube']:12} {int(on_earth_or_none.sum()):9} {int(inside.sum()):8} {wrong:6}  {on_edges:8}"
    )
    if wrong or not inside.any():
        wrong_cases += 1
print(f"{len(made['cases'])} imports, {len(systems)} systems, {total} pixels: {wrong_cases} imports disagree")
sys.exit(1 if wrong_cases else 0)
