"""Compares a cube that was filled from the strict service with what that service serves, pixel by pixel:

    python compare_strict_cube.py DATASET.json STORE RASTER.tif [differs]

With `differs` it succeeds where they do not agree.

The cube is read with Icechunk's and Zarr's own Python, the raster (the cube's region, or its step of 2021, as
`geocubes load` wrote it) with rasterio. What is expected is computed here for the whole grid at once, from
what the service says its pixels are, at the centres that pyproj transforms: without tiles, requests or masks
that travel.
"""

import json
import sys
from pathlib import Path

import icechunk
import numpy as np
import rasterio
import zarr
from pyproj import CRS, Transformer

sys.path.insert(0, str(Path(__file__).parent.parent))
from strict_service import EMBEDDING, TCTREND, tctrend_mask, tctrend_values  # noqa: E402


def shape_of(grid):
    west, south, east, north = grid["bounds"]
    return tuple(round(extent / grid["resolution"]) for extent in (north - south, east - west))


def centres(grid, shape):
    west, _, _, north = grid["bounds"]
    step = grid["resolution"]
    x = west + step * (np.arange(shape[1]) + 0.5)
    y = north - step * (np.arange(shape[0]) + 0.5)
    x, y = np.meshgrid(x, y)
    if CRS.from_user_input(grid["crs"]).is_geographic:
        return x, y
    return Transformer.from_crs(grid["crs"], 4326, always_xy=True).transform(x, y)


def tctrend(name, lon, lat, year):
    return tctrend_values(lon, lat, "BGW".index(name[2])), tctrend_mask(lon, lat)


def embedding(name, lon, lat, year):
    index = int(name[1:])
    code = np.mod(np.floor(lon * 1e4) + np.floor(lat * 1e4) * 3 + index + year, 255) - 127
    return code / 128, ~((lon > -170) & (lon < -130) & (lat < 50))


def lon_lat(name, lon, lat, year):
    return {"longitude": lon, "latitude": lat}[name], lat > 48.2


def serves(dataset):
    collection = dataset.get("collection")
    if collection is None:
        return lon_lat
    return embedding if collection == EMBEDDING else tctrend if TCTREND.match(collection) else None


def expected_of(dataset, shape, year):
    """[band, y, x]"""
    lon, lat = centres(dataset["grid"], shape)
    fill = dataset.get("nodata", np.nan)
    planes = [serves(dataset)(name, lon, lat, year) for name in dataset["bands"]]
    return np.stack([np.where(valid, values, fill) for values, valid in planes]).astype(dataset["dtype"])


def compare(actual, expected, what, tolerance):
    assert actual.dtype == expected.dtype, f"{what}: {actual.dtype}, expected {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: {actual.shape}, expected {expected.shape}"
    same = np.isclose(actual, expected, rtol=0, atol=tolerance, equal_nan=True)
    wrong = np.argwhere(~same)
    if len(wrong) > 0:
        raise Different(
            f"{what}: {len(wrong)} of {same.size} pixels differ; at {wrong[0].tolist()} it is"
            f" {actual[tuple(wrong[0])]!r}, expected {expected[tuple(wrong[0])]!r}"
        )
    return actual.size


class Different(Exception):
    pass


def main(dataset_file, store, raster, differs=None):
    try:
        compare_all(dataset_file, store, raster)
    except Different as error:
        if differs is None:
            raise SystemExit(str(error)) from None
    else:
        if differs is not None:
            raise SystemExit("Expected other pixels but they agree.")


def compare_all(dataset_file, store, raster):
    dataset = json.loads(Path(dataset_file).read_text())
    storage = icechunk.local_filesystem_storage(store)
    group = zarr.open_group(icechunk.Repository.open(storage).readonly_session("main").store, mode="r")
    stored = np.stack([group[name][:] for name in dataset["bands"]])
    # Sums of coordinates are rounded in another order; everything else is equal to the bit.
    tolerance = 1e-9 if dataset["dtype"] == "float64" else 0
    shape = shape_of(dataset["grid"])
    time = dataset.get("time")
    years = [0] if time is None else range(int(time["start"]), int(time["end"]) + 1)
    steps = stored[:, np.newaxis] if time is None else stored
    if time is not None:
        assert steps.shape[1] == len(years), f"{steps.shape[1]} steps, expected {len(years)}"
    count = 0
    for at, year in enumerate(years):
        expected = expected_of(dataset, shape, year)
        count += compare(steps[:, at], expected, f"{dataset['title']}, {year}", tolerance)
        if year in (0, 2021):
            with rasterio.open(raster) as file:
                compare(file.read(), expected, f"{raster} of {dataset['title']}", tolerance)
        # A comparison with nothing proves nothing.
        fill = dataset.get("nodata", np.nan)
        empty = np.isnan(expected) if np.isnan(fill) else expected == fill
        assert 0.02 < empty.mean() < 0.98, f"{empty.mean():.3f} of the pixels have no value"
    print(f"{dataset['title']}: {count} pixels of {stored.shape} are the service's")


main(*sys.argv[1:])
