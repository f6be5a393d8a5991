"""A cube on disk, as Python opens it and as the JavaScript side described it."""

from functools import cached_property

import icechunk
import numpy as np
import xarray as xr
import zarr
from affine import Affine


class Cube:
    def __init__(self, record):
        self.record = record
        self.name = record["name"]
        self.format = record["format"]
        self.file = record["file"]
        self.crs = record["crs"]
        self.dtype = np.dtype(record["dtype"])
        self.nodata = record["nodata"]
        self.shape = tuple(record["shape"])
        self.chunk = tuple(record["chunk"])
        self.transform = Affine(*record["affine"])
        self.bands = [band["name"] for band in record["bands"]]
        self.steps = record["steps"]
        self.scenes = record["scenes"]
        self.tiles = {
            tuple(tile[name] for name in ("t", "row", "col") if name in tile): tile["state"]
            for tile in record["tiles"]
        }

    @property
    def is_temporal(self):
        return self.steps is not None

    @property
    def fill(self):
        """What is stored where there is no value."""
        if self.dtype.kind == "f":
            return np.nan
        return 0 if self.nodata is None else self.nodata

    @property
    def window(self):
        """Index of the part that was filled, [y, x]."""
        row, col, height, width = (self.record["window"][k] for k in ("row", "col", "height", "width"))
        return slice(row, row + height), slice(col, col + width)

    @cached_property
    def store(self):
        storage = icechunk.local_filesystem_storage(self.record["store"])
        return icechunk.Repository.open(storage).readonly_session("main").store

    @cached_property
    def group(self):
        return zarr.open_group(self.store, mode="r")

    def dataset(self, **options):
        return xr.open_zarr(self.store, consolidated=False, chunks=None, **options)

    @cached_property
    def expected(self):
        """What the JavaScript side read back: [band, y, x] or [band, time, y, x] of the window, by band."""
        window = self.record["window"]
        pixels = np.fromfile(f"{self.record['store']}.pixels", self.dtype.newbyteorder("<"))
        steps = [len(self.steps)] if self.is_temporal else []
        pixels = pixels.reshape(len(self.bands), *steps, window["height"], window["width"])
        return dict(zip(self.bands, pixels, strict=True))


def assert_same_pixels(actual, expected, what):
    """Equal to the bit, NaN for NaN; a failure names the first pixel that differs, as [y, x]."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    same = actual == expected
    if actual.dtype.kind == "f":
        same |= np.isnan(actual) & np.isnan(expected)
    if same.all():
        return
    wrong = np.argwhere(~same)
    first = tuple(int(i) for i in wrong[0])
    last = tuple(int(i) for i in wrong.max(axis=0))
    raise AssertionError(
        f"{what}: {len(wrong)} of {same.size} pixels differ; at {list(first)} it is {actual[first]!r},"
        f" expected {expected[first]!r}; rows and columns up to {list(last)}"
    )
