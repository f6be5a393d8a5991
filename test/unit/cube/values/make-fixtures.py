"""Statistics and samples as numpy, rasterio and xarray have them: expected.json.

python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make-fixtures.py
"""

import json
from pathlib import Path

import numpy as np
import xarray as xr
from pyproj import Transformer
from rasterio.features import geometry_mask
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.warp import transform

HEIGHT, WIDTH, CHUNK = 61, 83, (20, 30)
QUANTILES = [0, 0.05, 0.25, 0.5, 0.951, 1]

# As values.ts has it: the same whole numbers, and the same divisions in double precision.
TYPES = {
    "uint8": 0,
    "int16": -9999,
    "uint16": None,
    "int32": -1,
    "uint32": 7,
    "float32": None,
    "float64": None,
}


def pixels(dtype, height=HEIGHT, width=WIDTH):
    row, col = np.mgrid[0:height, 0:width].astype(np.int64)
    number = (row * 7919 + col * 104729 + row * col * 31) % 65521
    if dtype == "uint8":
        return (number % 256).astype(np.uint8)
    if dtype == "int16":
        return np.where(number % 11 == 0, -9999, number - 32760).astype(np.int16)
    if dtype == "uint16":
        return number.astype(np.uint16)
    if dtype == "int32":
        return np.where(number % 7 == 0, -1, number * 32768 - 1073741824).astype(np.int32)
    if dtype == "uint32":
        return np.where(number % 7 == 0, 7, number * 65535).astype(np.uint32)
    values = (number - 30000) / 7 * np.where(number % 2 == 0, 1e-3, 1e5)
    return np.where(number % 13 == 0, np.nan, values).astype(dtype)


def is_loaded(shape=(HEIGHT, WIDTH), chunk=CHUNK):
    row, col = np.mgrid[0 : shape[0], 0 : shape[1]]
    return (row // chunk[0] + col // chunk[1]) % 4 != 3


def stats(values, nodata, inside):
    loaded = is_loaded()
    valid = inside & loaded & ~np.isnan(values.astype(np.float64))
    if nodata is not None:
        valid &= values != nodata
    found = values[valid].astype(np.float64)
    counts = {
        "pixels": int(inside.sum()),
        "valid": int(valid.sum()),
        "missing": int((inside & ~loaded).sum()),
    }
    counts["nodata"] = counts["pixels"] - counts["valid"] - counts["missing"]
    return counts | {
        "min": found.min(),
        "max": found.max(),
        "mean": found.mean(),
        "std": found.std(),
        "quantiles": list(np.quantile(found, QUANTILES)),
    }


ORIGIN, SIZE = (-1_000_000, -2_000_000), 10_000
GRID = from_origin(*ORIGIN, SIZE, SIZE)


def at(col, row):
    return [ORIGIN[0] + col * SIZE, ORIGIN[1] - row * SIZE]


SHAPES = {
    "triangle": {
        "type": "Polygon",
        "coordinates": [
            [at(3.3, 2.7), at(80.1, 30.2), at(11.9, 59.6), at(3.3, 2.7)],
            [at(20.2, 20.4), at(45.7, 28.3), at(22.6, 40.9), at(20.2, 20.4)],
        ],
    },
    "overlapping": {
        "type": "MultiPolygon",
        "coordinates": [
            [[at(2.2, 3.1), at(50.3, 4.2), at(48.9, 40.8), at(2.2, 3.1)]],
            [[at(30.4, 10.6), at(70.7, 12.1), at(33.3, 55.5), at(30.4, 10.6)]],
        ],
    },
}
DEGREES = [[-70, 66], [-20, 69], [-48, 61.5], [-70, 66]]


def inside_degrees():
    """Pixels whose centre lies in the triangle of degrees, whose edges are straight there."""
    row, col = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = GRID * (col.ravel() + 0.5, row.ravel() + 0.5)
    lon, lat = (np.array(axis) for axis in transform("EPSG:3413", "EPSG:4326", x, y))
    inside = np.zeros(lon.shape, bool)
    for (x1, y1), (x2, y2) in zip(DEGREES, DEGREES[1:]):
        crosses = (y1 > lat) != (y2 > lat)
        inside ^= crosses & (lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1))
    return inside.reshape(HEIGHT, WIDTH)


def masks():
    box = np.zeros((HEIGHT, WIDTH), bool)
    box[7:44, 12:71] = True
    yield "whole", np.ones((HEIGHT, WIDTH), bool)
    yield "box", box
    for name, shape in SHAPES.items():
        yield name, geometry_mask([shape], (HEIGHT, WIDTH), GRID, invert=True)
    yield "degrees", inside_degrees()


def bits(mask):
    return np.packbits(mask).tobytes().hex()


def sample_by_rasterio(values, grid, crs, points):
    """Pixels that contain points in degrees, by rasterio."""
    xs, ys = transform("EPSG:4326", crs, *zip(*points))
    with MemoryFile() as memory:
        height, width = values.shape
        kind = {"driver": "GTiff", "dtype": values.dtype, "count": 1, "crs": crs}
        with memory.open(**kind, height=height, width=width, transform=grid) as file:
            file.write(values, 1)
        with memory.open() as file:
            found = file.sample(list(zip(xs, ys)), masked=True)
            return [None if np.ma.getmaskarray(one)[0] else float(one.data[0]) for one in found]


def sample_by_pyproj(values, points, crs):
    """Pixels of the polar grid that contain points of another system, by pyproj; None outside."""
    xs, ys = Transformer.from_crs(crs, "EPSG:3413", always_xy=True).transform(*zip(*points))
    cols, rows = ~GRID * (np.array(xs), np.array(ys))
    places = zip(np.floor(rows).astype(int), np.floor(cols).astype(int))
    inside = [0 <= row < HEIGHT and 0 <= col < WIDTH for row, col in zip(rows, cols)]
    return [float(values[at]) if one else None for at, one in zip(places, inside)]


def sample_by_xarray(values, grid, points):
    """The nearest pixel of a grid that goes around the earth, by xarray; longitudes as the grid counts them."""
    height, width = values.shape
    x = grid.c + (np.arange(width) + 0.5) * grid.a
    y = grid.f + (np.arange(height) + 0.5) * grid.e
    array = xr.DataArray(values, coords={"y": y, "x": x}, dims=("y", "x"))
    lon, lat = (np.array(axis) for axis in zip(*points))
    lon = (lon - grid.c) % 360 + grid.c
    found = array.sel(
        x=xr.DataArray(lon, dims="p"), y=xr.DataArray(lat, dims="p"), method="nearest"
    )
    return [float(one) for one in found.values]


def main():
    expected = {"quantiles": QUANTILES, "shapes": SHAPES, "degrees": DEGREES, "stats": {}}
    for dtype, nodata in TYPES.items():
        values = pixels(dtype)
        expected["stats"][dtype] = {name: stats(values, nodata, mask) for name, mask in masks()}

    # What a file has of a shape, in bits, row by row: on the grid of the cube, and on one of 7 km that begins elsewhere.
    fine = from_origin(ORIGIN[0] - 33_000, ORIGIN[1] + 21_000, 7_000, 7_000)
    expected["masks"] = {
        name: bits(mask) for name, mask in masks() if name not in ("whole", "box")
    }
    expected["masks"] |= {
        f"{name} of 7 km": bits(geometry_mask([shape], (100, 110), fine, invert=True))
        for name, shape in SHAPES.items()
    }

    random = np.random.default_rng(7)
    spread = np.c_[random.uniform(-80, 0, 60), random.uniform(57, 75, 60)].round(5).tolist()
    polar = sample_by_rasterio(pixels("int16"), GRID, "EPSG:3413", spread)
    world = np.c_[random.uniform(-180, 180, 60), random.uniform(-60, 60, 60)].round(5).tolist()
    world += [[180, 10.05], [-180, 10.05], [179.99, -20.05], [-179.99, -20.05]]
    around = from_origin(-180, 61, 360 / WIDTH, 2)
    expected["samples"] = {
        "polar": {"points": spread, "values": polar},
        "world": {"points": world, "values": sample_by_xarray(pixels("int16"), around, world)},
    }
    # Zones of UTM, whose axes are neither those of degrees nor of the polar grid; GR96 beside WGS 84.
    for code, (west, south), (east, north) in [
        ("EPSG:32622", (2e5, 6.9e6), (8e5, 7.9e6)),
        ("EPSG:3182", (2e5, 6.9e6), (8e5, 7.9e6)),
    ]:
        there = np.c_[random.uniform(west, east, 40), random.uniform(south, north, 40)].round(2)
        expected["samples"][code] = {
            "points": there.tolist(),
            "values": sample_by_pyproj(pixels("int16"), there.tolist(), code),
        }
    # Across the antimeridian: from 170 to 253 degrees.
    across = from_origin(170, 61, 1, 2)
    inside = [p for p in world if p[0] >= 170 or p[0] < -107]
    expected["samples"]["across"] = {
        "points": inside,
        "values": sample_by_xarray(pixels("int16"), across, inside),
    }
    Path(__file__).with_name("expected.json").write_text(json.dumps(expected) + "\n")


main()
