"""Compares proj4 with PROJ for all projected and geographic codes of the register, within their datums.

An experiment, from which the lists in src/grid/datum.ts come; takes some minutes. On 28 November 2026, with
proj4 and epsg-index as locked, pyproj 3.4.1 and PROJ 9.1.1, 6,865 of 7,425 codes agreed to a centimetre.

    python3 compare-all.py
"""

import collections
import json
import math
import subprocess
import warnings
from pathlib import Path

import pyproj
from pyproj import CRS, Transformer

warnings.filterwarnings("ignore")
rows = json.loads(subprocess.check_output(["node", str(Path(__file__).with_name("compare-all.mjs"))]))
agree = 0
compared = 0
unknown = 0
differing = collections.defaultdict(list)
for row in rows:
    try:
        try:
            crs = CRS.from_epsg(int(row["code"]))
        except pyproj.exceptions.CRSError:
            crs = CRS.from_authority("ESRI", int(row["code"]))
        base = crs.geodetic_crs
        transformer = Transformer.from_crs(base, crs, always_xy=True)
    except (pyproj.exceptions.CRSError, pyproj.exceptions.ProjError):
        unknown += 1
        continue
    compared += 1
    unit = crs.axis_info[0].unit_conversion_factor * (6378137 if crs.is_geographic else 1)
    degree = math.radians(1) / base.axis_info[0].unit_conversion_factor
    worst = 0.0
    if isinstance(row["images"], str):
        worst = math.inf
    else:
        for (lon, lat), (x, y) in zip(row["points"], row["images"]):
            wanted = transformer.transform(lon * degree, lat * degree)
            if not math.isfinite(wanted[0]):
                continue
            off = math.inf if x is None or y is None else math.hypot(wanted[0] - x, wanted[1] - y) * unit
            worst = max(worst, off)
    if worst < 0.01:
        agree += 1
    else:
        differing[row["proj4"].split()[0], row["unit"]].append((row["code"], round(worst, 2) if worst < math.inf else "none"))
print(f"pyproj {pyproj.__version__}, PROJ {pyproj.proj_version_str}: {agree} of {compared} agree, {unknown} are not known to PROJ")
for kind, codes in sorted(differing.items(), key=str):
    print(kind, codes)
