"""Composites with a time axis, in scaled whole numbers: xarray on the cube, beside what numpy makes of the scenes."""

import json
from pathlib import Path

import icechunk
import numpy as np
import pandas as pd
import pytest
import xarray as xr

RECIPES = Path(__file__).parent / "../../e2e/recipes"
STEPS = {
    "s2-monthly": pd.date_range("2024-01-01", periods=12, freq="MS"),
    "era5-land-monthly": pd.date_range("2024-01-01", periods=12, freq="MS"),
    "ndvi-annual": pd.date_range("2021-01-01", periods=3, freq="YS"),
}


@pytest.fixture
def bands(composite):
    """Of each band of the dataset file: name, and what its numbers stand for."""
    file = json.loads((RECIPES / f"datasets/{composite['name']}.json").read_text())
    return file, {band["name"]: band["attributes"] for band in file["bands"]}


@pytest.fixture
def reference(composite):
    """Whole numbers [time, y, x] by band."""
    made = json.loads((RECIPES / "references.json").read_text())["references"][composite["name"]]
    return {name: np.array(values).reshape(made["shape"]) for name, values in made["bands"].items()}


def open_cube(record, **options):
    storage = icechunk.local_filesystem_storage(record["store"])
    store = icechunk.Repository.open(storage).readonly_session("main").store
    return xr.open_zarr(store, consolidated=False, chunks=None, **options)


def test_xarray_decodes_the_start_of_each_step(composite):
    times = open_cube(composite).indexes["time"]
    assert isinstance(times, pd.DatetimeIndex)
    assert list(times) == list(STEPS[composite["name"]])


def test_values_are_those_that_numpy_scales_and_masked_pixels_are_nan(composite, bands, reference):
    file, attributes = bands
    cube = open_cube(composite)
    for name, stored in reference.items():
        scale, offset = attributes[name]["scale_factor"], attributes[name]["add_offset"]
        expected = np.where(stored == file["nodata"], np.nan, stored * scale + offset)
        assert 0 < np.isnan(expected).sum() < expected.size / 2
        assert cube[name].dims == ("time", "y", "x")
        # xarray may decode to floats of four bytes; NaN must be where NaN is.
        np.testing.assert_allclose(cube[name].values, expected, rtol=1e-6, atol=0)


def test_the_numbers_are_stored_as_numpy_rounds_them(composite, bands, reference):
    cube = open_cube(composite, mask_and_scale=False)
    for name, stored in reference.items():
        assert cube[name].dtype == bands[0]["dtype"]
        np.testing.assert_array_equal(cube[name].values, stored)
        assert cube[name].attrs["_FillValue"] == bands[0]["nodata"]


def test_a_month_is_picked_by_its_name_and_units_are_told(composite, bands, reference):
    cube = open_cube(composite)
    for name, attributes in bands[1].items():
        step = STEPS[composite["name"]][1]
        picked = cube[name].sel(time=f"{step:%Y-%m}")
        assert list(picked.indexes["time"]) == [step]
        assert cube[name].attrs.get("units") == attributes.get("units")
        assert cube[name].attrs.get("long_name") == attributes.get("long_name")
