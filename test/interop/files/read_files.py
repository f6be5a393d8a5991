"""What `load` writes, as rasterio, xarray and GDAL read it: python read_files.py FOLDER, of make-files.mjs."""

import json
import sys
from pathlib import Path

import numpy as np
import rasterio
import rioxarray  # noqa: F401
import xarray as xr
from rasterio.enums import MaskFlags
from rasterio.features import geometry_mask
from rasterio.transform import from_origin

FOLDER = Path(sys.argv[1])
HEIGHT, WIDTH, CHUNK = 150, 170, 64
GRID = from_origin(-1_000_000, -2_000_000, 1000, 1000)
SHAPE = json.loads((FOLDER / "shape.geojson").read_text())
INSIDE = geometry_mask([SHAPE], (HEIGHT, WIDTH), GRID, invert=True)
ROWS, COLS = (slice(np.flatnonzero(INSIDE.any(axis))[0], np.flatnonzero(INSIDE.any(axis))[-1] + 1) for axis in (1, 0))


def number(band, t=0):
    row, col = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (row * 31 + col * 7 + t * 11 + band * 5) % 200


def loaded(rows):
    return np.broadcast_to(np.arange(HEIGHT)[:, None] < rows, (HEIGHT, WIDTH))


def place(transform, shape):
    """Where a file lies on the grid of the cube."""
    col, row = ~GRID * (transform.c, transform.f)
    assert (row, col) == (round(row), round(col))
    return slice(int(row), int(row) + shape[0]), slice(int(col), int(col) + shape[1])


def same(found, wanted, what):
    np.testing.assert_array_equal(found, wanted, err_msg=what)
    print("ok", what)


def masks():
    for name, inside in [("plain.tif", INSIDE), ("plain-cog.tif", INSIDE), ("plain-box.tif", True)]:
        with rasterio.open(FOLDER / name) as file:
            at = place(file.transform, file.shape)
            wanted = (inside & loaded(128))[at]
            same(file.read_masks(), np.stack([wanted * np.uint8(255)] * 2), f"masks of {name}")
            pixels = np.stack([number(band)[at] for band in range(2)])
            same(file.read(masked=True).filled(255), np.where(wanted, pixels.astype(np.uint8), 255), f"pixels of {name}")
            assert file.mask_flag_enums == ([MaskFlags.per_dataset],) * 2
            assert not Path(f"{FOLDER / name}.msk").exists()
    with rasterio.open(FOLDER / "typed.tif") as file:
        at = place(file.transform, file.shape)
        same(file.read(1), np.where(INSIDE, number(1), -9999)[at], "nodata outside the shape")


def steps():
    with rasterio.open(FOLDER / "steps.tif") as file:
        assert file.descriptions == ("2019: heights", "2020: heights", "2021: heights")
        assert file.tags(2)["TIME_START"] == "2020-01-01"
        at = place(file.transform, file.shape)
        wanted = [
            np.where(INSIDE & loaded(64 if t == 1 else HEIGHT), number(1, t), -9999)[at] for t in range(3)
        ]
        same(file.read(), np.stack(wanted), "bands by step")
    for t, year in enumerate((2019, 2020, 2021)):
        with rasterio.open(FOLDER / f"year-{year}.tif") as file:
            assert (file.count, file.scales, file.offsets, file.units) == (1, (0.5,), (-3.0,), ("m",))
            same(file.read(1), wanted[t], f"file of {year}")


def arrays(name):
    path = FOLDER / f"plain.{name}"
    options = {"decode_coords": "all"}
    if name == "zarr":
        options |= {"engine": "zarr", "consolidated": False}
    with xr.open_dataset(path, mask_and_scale=False, **options) as data:
        assert set(data.data_vars) == {"a", "b", "mask"}, data
        at = place(data.rio.transform(), data.a.shape)
        wanted = (INSIDE & loaded(128))[at]
        same(data.mask, wanted.astype(np.uint8), f"mask of {name}")
        for band, key in enumerate("ab"):
            assert data[key].dtype == np.uint8
            assert data[key].attrs["ancillary_variables"] == "mask"
            same(data[key], np.where(INSIDE & loaded(128), number(band), 0)[at], f"{key} of {name}")
        assert data.rio.crs.to_epsg() == 3413
    with xr.open_dataset(FOLDER / f"typed.{name}", **options) as data:
        at = place(data.rio.transform(), data.codes.shape[1:])
        same(data.time.dt.strftime("%Y-%m-%d"), ["2019-01-01", "2020-01-01", "2021-01-01"], f"time of {name}")
        assert data.codes.dims == ("time", "y", "x")
        valid = np.stack([INSIDE & loaded(64 if t == 1 else HEIGHT) for t in range(3)])[:, *at]
        for band, key in enumerate(("codes", "heights", "values")):
            values = np.stack([number(band, t) for t in range(3)])[:, *at].astype(float)
            values = values * 0.5 - 3 if key == "heights" else values
            same(data[key], np.where(valid, values, np.nan), f"{key} of {name}")
        assert data.heights.attrs["units"] == "m"
        assert data.rio.crs.to_epsg() == 3413


def other_grid():
    """A NetCDF on a grid of UTM: its place is what GDAL reads of it too."""
    with xr.open_dataset(FOLDER / "other.nc", decode_coords="all") as data:
        assert data.rio.crs.to_epsg() == 32622
        assert abs(data.rio.resolution()[0]) == 1100 and abs(data.rio.resolution()[1]) == 1100
        found = data.heights.isel(time=0)
        from pyproj import Transformer

        x, y = np.meshgrid(data.x, data.y)
        to_cube = Transformer.from_crs(32622, 3413, always_xy=True)
        cols, rows = ~GRID * np.array(to_cube.transform(x, y))
        rows, cols = np.floor(rows).astype(int), np.floor(cols).astype(int)
        has = ~np.isnan(found.values)
        assert has.sum() > 3000
        same(found.values[has], number(1, 2)[rows[has], cols[has]] * 0.5 - 3, "pixels on another grid")
    if "netCDF" in rasterio.drivers.raster_driver_extensions().values():
        with rasterio.open(f"netcdf:{FOLDER / 'other.nc'}:heights") as file:
            assert file.crs.to_epsg() == 32622, file.crs
            print("ok", "GDAL's CRS of the NetCDF")


masks()
steps()
arrays("zarr")
arrays("nc")
other_grid()
