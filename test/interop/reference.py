"""GDAL's own answer to "this file on that grid, nearest pixel", to compare cubes with."""

import shutil
import subprocess

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import reproject

GDALWARP = shutil.which("gdalwarp")


def describe_reference():
    if GDALWARP is None:
        return f"rasterio.warp (GDAL {rasterio.__gdal_version__}), because there is no gdalwarp"
    version = subprocess.run([GDALWARP, "--version"], capture_output=True, text=True, check=True)
    return f"gdalwarp ({version.stdout.strip()})"


def warp_as_gdal_does(cube, folder):
    """The cube's source file on the cube's whole grid: [band, y, x], the cube's fill outside."""
    target = folder / "reference.tif"
    height, width = cube.shape
    # gdalwarp keeps the grid of an existing file to the last bit; -te and -ts would round it.
    with rasterio.open(
        target, "w", driver="GTiff", count=len(cube.bands), height=height, width=width,
        dtype=cube.dtype, crs=cube.crs, transform=cube.transform,
    ) as out:  # fmt: skip
        for band in out.indexes:
            out.write(np.full(cube.shape, cube.fill, cube.dtype), band)
    warp = run_rasterio if GDALWARP is None else run_gdalwarp
    warp(cube.file, target)
    with rasterio.open(target) as result:
        return result.read()


def run_gdalwarp(source, target):
    command = [GDALWARP, "-q", "-r", "near", "-et", "0", str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"


def run_rasterio(source, target):
    with rasterio.open(source) as src, rasterio.open(target, "r+") as out:
        for band in src.indexes:
            pixels = out.read(band)
            reproject(
                rasterio.band(src, band), pixels, dst_transform=out.transform, dst_crs=out.crs,
                resampling=Resampling.nearest, init_dest_nodata=False, tolerance=0,
            )  # fmt: skip
            out.write(pixels, band)
