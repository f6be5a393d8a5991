"""Rasters for the loopback server, made by numpy and rasterio: the tests compare pixels with these files.

    python make_scenes.py FOLDER
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

CRS = "EPSG:32633"
TRANSFORM = Affine(30, 0, 499980, 0, -30, 5700000)
SHAPE = (160, 200)
YEARS = [2020, 2021, 2022, 2023]
NODATA = -999

# The grid of the examples in src/dataset/README.md.
MONTHLY = {"crs": CRS, "transform": Affine(10, 0, 499980, 0, -10, 5700000), "shape": (120, 160)}
# Names of the images of each month of 2024.
MONTHS = [[f"m{month:02}_{shot}" for shot in range(3)] for month in range(1, 13)]


def write(path, pixels, nodata, crs=CRS, transform=TRANSFORM):
    count, height, width = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width,
        dtype=pixels.dtype, crs=crs, transform=transform, nodata=nodata,
    ) as out:  # fmt: skip
        out.write(pixels)


def make_monthly(folder, random):
    """Uint16 with 0 for nodata: a fifth of the pixels, and one corner in all images."""
    images = []
    for month, names in enumerate(MONTHS, 1):
        last = (datetime(2024, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(seconds=1)
        # The first moment of a month belongs to it, and so does the last second.
        starts = [datetime(2024, month, 1), datetime(2024, month, 15, 10, 20), last]
        for name, start in zip(names, starts, strict=True):
            pixels = random.integers(1, 10_000, (3, *MONTHLY["shape"])).astype(np.uint16)
            pixels[random.random(pixels.shape) < 0.2] = 0
            pixels[:, :10, :12] = 0
            write(folder / f"{name}.tif", pixels, 0, MONTHLY["crs"], MONTHLY["transform"])
            images.append({"file": f"{name}.tif", "bands": ["B4", "B3", "B2"], "start": f"{start.isoformat()}Z"})
    return images


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(28)
    images = []
    for year in YEARS:
        pixels = random.integers(0, 3000, (2, *SHAPE)).astype(np.int16)
        pixels[random.random(pixels.shape) < 0.2] = NODATA
        pixels[:, :10, :10] = NODATA
        write(folder / f"y{year}.tif", pixels, NODATA)
        images.append(
            {"file": f"y{year}.tif", "bands": ["red", "nir"], "start": f"{year}-06-01", "end": f"{year}-06-02"}
        )
    scene = random.integers(1, 256, (3, *SHAPE)).astype(np.uint8)
    scene[:, 40:60, 50:90] = 0
    write(folder / "scene.tif", scene, 0)
    monthly = make_monthly(folder, random)
    assets = [
        {"id": "COPERNICUS/S2_SR_HARMONIZED", "type": "IMAGE_COLLECTION", "images": monthly},
        {"id": "users/clients/stack", "type": "IMAGE_COLLECTION", "images": images},
        # An id of one part is one that geedim does not look for in Google's public catalogue.
        {"id": "scene", "type": "IMAGE", "images": [{"file": "scene.tif", "bands": ["a", "b", "c"]}]},
    ]
    (folder / "manifest.json").write_text(json.dumps({"assets": assets}))


if __name__ == "__main__":
    main(*sys.argv[1:])
