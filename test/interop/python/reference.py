"""GDAL's own answer to "this file on that grid, nearest pixel", to compare cubes with."""

import shutil
import subprocess

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

GDALWARP = shutil.which("gdalwarp")

# In pixels. Not every rasterio takes 0, which gdalwarp has for "transform every pixel exactly".
ALMOST_ZERO = 1e-9


def describe_reference():
    if GDALWARP is None:
        return f"rasterio (GDAL {rasterio.__gdal_version__}), because there is no gdalwarp"
    version = subprocess.run([GDALWARP, "--version"], capture_output=True, text=True, check=True)
    return f"gdalwarp ({version.stdout.strip()})"


def warp_as_gdal_does(cube, folder):
    """The cube's source file on the cube's whole grid: [band, y, x], the cube's fill outside."""
    return with_rasterio(cube) if GDALWARP is None else with_gdalwarp(cube, folder / "reference.tif")


def with_gdalwarp(cube, target):
    height, width = cube.shape
    # gdalwarp keeps the grid of an existing file to the last bit; -te and -ts would round it.
    with rasterio.open(
        target, "w", driver="GTiff", count=len(cube.bands), height=height, width=width,
        dtype=cube.dtype, crs=cube.crs, transform=cube.transform,
    ) as out:  # fmt: skip
        for band in out.indexes:
            out.write(np.full(cube.shape, cube.fill, cube.dtype), band)
    command = [GDALWARP, "-q", "-r", "near", "-et", "0", cube.file, str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    with rasterio.open(target) as result:
        return result.read()


def with_rasterio(cube):
    height, width = cube.shape
    # Given a nodata value, GDAL keeps valid pixels off it; without one the outside is 0, as in the cube.
    nodata = {} if cube.fill == 0 and cube.nodata is None else {"nodata": cube.fill}
    with (
        rasterio.open(cube.file) as source,
        WarpedVRT(
            source, crs=cube.crs, transform=cube.transform, height=height, width=width,
            resampling=Resampling.nearest, tolerance=ALMOST_ZERO, **nodata,
        ) as result,
    ):  # fmt: skip
        return result.read()
