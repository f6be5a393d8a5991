"""The two-dimensional system of each three-dimensional geographic one of the EPSG register, from PROJ.

Writes src/grid/horizontal-codes.ts. Any pyproj of PROJ 9 will do; it was made with pyproj 3.4.1, PROJ 9.1.1:

    python3 make-horizontal-codes.py
"""

import json
from pathlib import Path

import pyproj
from pyproj import CRS

ROOT = Path(__file__).resolve().parents[3]
REGISTER = json.loads((ROOT / "node_modules/epsg-index/all.json").read_text())

pairs = []
unknown = []


def datum_of(code):
    try:
        crs = CRS.from_epsg(int(code))
    except pyproj.exceptions.CRSError:
        # Newer than this PROJ.
        return None
    return crs.datum.to_json_dict()["name"], crs.prime_meridian.name


for code, entry in REGISTER.items():
    if entry["kind"] != "CRS-GEOG3DCRS":
        continue
    # The register gives both the same name; PROJ says whether it means the same datum.
    flat = [
        other["code"]
        for other in REGISTER.values()
        if other["kind"] == "CRS-GEOGCRS"
        and other["name"] == entry["name"]
        and datum_of(other["code"]) == datum_of(code)
    ]
    if len(flat) == 1:
        pairs.append((int(code), int(flat[0])))
    else:
        unknown.append((code, entry["name"], flat))

lines = "".join(f"  {three}: {two},\n" for three, two in sorted(pairs))
(ROOT / "src/grid/horizontal-codes.ts").write_text(
    "/**\n"
    " * EPSG codes of geographic systems with heights, and of the same systems without. Made by\n"
    " * test/parity/places/make-horizontal-codes.py.\n"
    " */\n"
    f"export const HORIZONTAL_CODES: Readonly<Record<number, number>> = {{\n{lines}}};\n"
)
print(f"pyproj {pyproj.__version__}, PROJ {pyproj.proj_version_str}: {len(pairs)} pairs, unknown: {unknown}")
