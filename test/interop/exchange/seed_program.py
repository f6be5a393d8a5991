"""Runs the Python package smart-geocubes itself, on pixels given to it instead of Earth Engine's.

    python seed_program.py < job.json

Its own classes do everything: they choose the tiles, ask `ee` and `xee` for them, flip, crop, fill,
clip and cast them, write them and keep their list. Replaced is only what would need an account: the
module `ee`, and `xarray.open_dataset(engine="ee")`, which answers with the raw pixels of the job in the
shape xee has (time, lon, lat; latitudes rising). Serves 0.0.x and 0.1.x.

A job names a store, the class (which is the cube's title), its grid, the raw pixels (float32
[band, y, x] of the whole grid, masked pixels NaN) and steps. The last line of stdout is the answer.
"""

import importlib.metadata
import json
import os
import sys
import types
import warnings

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

IS_OLD = importlib.metadata.version("smart-geocubes").startswith("0.0.")


class Rectangle:
    def __init__(self, box):
        self.box = tuple(box)


class ImageCollection:
    def __init__(self, asset):
        self.asset = asset

    def mosaic(self):
        return self

    def clip(self, _):
        return self


def replace_earth_engine(job, raw):
    ee = types.ModuleType("ee")
    ee.ImageCollection = ImageCollection
    ee.Geometry = types.SimpleNamespace(Rectangle=Rectangle)
    sys.modules["ee"] = ee
    sys.modules["xee"] = types.ModuleType("xee")
    a, _, c, _, e, f = job["affine"]
    original = xr.open_dataset

    def open_dataset(image, *args, engine=None, geometry=None, crs=None, scale=None, **more):
        if engine != "ee":
            return original(image, *args, engine=engine, **more)
        assert image.asset == job["collection"], image.asset
        assert (crs, scale) == ("epsg:4326", a), (crs, scale)
        west, south, east, north = geometry.box
        cols = slice(round((west - c) / a), round((east - c) / a))
        rows = slice(round((north - f) / e), round((south - f) / e))
        coords = {
            "time": np.array(["2020-01-01"], "datetime64[ns]"),
            "lon": c + (np.arange(cols.start, cols.stop) + 0.5) * a,
            "lat": (f + (np.arange(rows.start, rows.stop) + 0.5) * e)[::-1],
        }
        bands = {
            name: (("time", "lon", "lat"), pixels[rows, cols][::-1].T[np.newaxis].copy())
            for name, pixels in zip(job["bands"], raw, strict=True)
        }
        return xr.Dataset(bands, coords)

    xr.open_dataset = open_dataset


def accessor(job):
    """The package's own class on a small grid; its `download_*` also notes what was asked for."""
    from smart_geocubes.datasets import tctrend

    extent = GeoBox.from_bbox(job["bounds"], "epsg:4326", resolution=job["resolution"])
    assert list(extent.affine[:6]) == job["affine"], "both programs must make the same grid of the same bounds"
    assert extent.shape == tuple(job["shape"])
    base = getattr(tctrend, job["title"])
    downloaded = []

    def note(name):
        def download(self, what):
            downloaded.append(what.id)
            return getattr(super(cls, self), name)(what)

        return download

    names = ["download_tile" if IS_OLD else "download_patch"]
    more = {name: note(name) for name in names}
    cls = type(job["title"], (base,), {"extent": extent, "chunk_size": job["chunk"], **more})
    options = {} if IS_OLD else {"backend": "simple"}
    return cls(job["store"], **options), downloaded


def fill(cube, tiles):
    """Downloads what is missing of a block of tiles: its first row and column, and how many of each."""
    row, col, rows, cols = tiles
    size = cube.chunk_size
    inside = cube.extent[
        row * size + 1 : min((row + rows) * size, cube.extent.shape[0]) - 1,
        col * size + 1 : min((col + cols) * size, cube.extent.shape[1]) - 1,
    ]
    if IS_OLD:
        cube.procedural_download(inside)
    else:
        cube.procedural_download(inside, None)


def read(cube, file):
    pixels = cube.open_xarray()
    np.stack([pixels[name].values for name in cube.channels]).tofile(file)


def listed(cube):
    return list(cube.open_zarr().attrs.get("loaded_tiles" if IS_OLD else "loaded_patches", []))


def main():
    job = json.load(sys.stdin)
    shape = (len(job["bands"]), *job["shape"])
    raw = np.fromfile(job["raw"], "<f4").reshape(shape)
    replace_earth_engine(job, raw)
    cube, downloaded = accessor(job)
    answers = []
    for step in job["steps"]:
        downloaded.clear()
        if step["do"] == "create":
            cube.create()
        elif step["do"] == "fill":
            fill(cube, step["tiles"])
        elif step["do"] == "read":
            read(cube, step["file"])
        answers.append({"downloaded": list(downloaded), "listed": listed(cube)})
    print(json.dumps({"version": importlib.metadata.version("smart-geocubes"), "steps": answers}))


if __name__ == "__main__":
    # All-masked tiles make it warn of empty slices, which is its own affair.
    warnings.simplefilter("ignore")
    main()
    sys.stdout.flush()
    # All is written. At the interpreter's own end a thread of some library may abort the process.
    os._exit(0)
