"""A cube whose bands have a type each: zarr and xarray on what this program wrote and read back."""

import json
from pathlib import Path

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr


@pytest.fixture
def mixed(request):
    return json.loads((Path(request.config.getoption("--cubes")) / "manifest.json").read_text())["mixed"]


def store_of(mixed):
    storage = icechunk.local_filesystem_storage(mixed["store"])
    return icechunk.Repository.open(storage).readonly_session("main").store


def read_back(mixed):
    """What the JavaScript side read: one band after the other, each in its own type."""
    raw, at, bands = Path(f"{mixed['store']}.pixels").read_bytes(), 0, {}
    for band in mixed["bands"]:
        dtype = np.dtype(band["dtype"])
        bands[band["name"]] = np.frombuffer(raw, dtype, 150 * 150, at).reshape(150, 150)
        at += 150 * 150 * dtype.itemsize
    assert at == len(raw)
    return bands


def test_zarr_reads_the_types_and_pixels(mixed):
    group = zarr.open_group(store_of(mixed), mode="r")
    for name, pixels in read_back(mixed).items():
        assert group[name].dtype == pixels.dtype
        np.testing.assert_array_equal(group[name][:], pixels)
    assert group["TCW_slope"].fill_value == np.False_
    assert group["TCG_slope"].fill_value == -128


def test_xarray_decodes_scale_offset_and_gaps_of_each(mixed):
    cube = xr.open_zarr(store_of(mixed), consolidated=False, chunks=None)
    pixels = read_back(mixed)
    stored = pixels["TCG_slope"]
    assert 100 < (stored == -128).sum() < stored.size - 1000
    wanted = np.where(stored == -128, np.nan, stored * 0.5 + 50)
    np.testing.assert_array_equal(cube["TCG_slope"].values, wanted)
    np.testing.assert_array_equal(cube["TCB_slope"].values, pixels["TCB_slope"])
    assert np.isnan(cube["TCB_slope"].values).any()
    assert cube["TCW_slope"].dtype == bool
    np.testing.assert_array_equal(cube["TCW_slope"].values, pixels["TCW_slope"])
    assert set(np.unique(cube["TCW_slope"].values)) == {False, True}
