"""Xee from 0.1 on."""

import ee
import numpy as np
import pytest
import shapely
import xarray as xr
from make_scenes import CRS, SHAPE, TRANSFORM
from nearest import sample

helpers = pytest.importorskip("xee.helpers", reason="Xee before 0.1 is tested elsewhere")
STACK = "users/clients/stack"


def values(dataset):
    """[time, band, y, x]"""
    return np.stack([dataset[name].values for name in ("red", "nir")], axis=1)


@pytest.mark.parametrize("options", [{}, {"fast_time_slicing": True}, {"io_chunks": {"time": 3, "x": 64, "y": 50}}])
def test_a_collection_on_its_own_grid_is_the_files_with_nan_for_gaps(stack, options):
    collection = ee.ImageCollection(STACK)
    grid = helpers.extract_grid_params(collection)
    assert grid == {"crs": CRS, "crs_transform": tuple(TRANSFORM[:6]), "shape_2d": SHAPE[::-1]}
    dataset = xr.open_dataset(collection, engine="ee", **grid, **options)
    assert dataset.time.dt.year.values.tolist() == [2020, 2021, 2022, 2023]
    np.testing.assert_array_equal(values(dataset), stack.astype("f4").filled(np.nan))


def test_a_collection_on_a_grid_of_degrees_is_the_nearest_pixels(stack):
    box = shapely.box(15.0, 51.41, 15.08, 51.45)
    grid = helpers.fit_geometry(box, grid_crs="EPSG:4326", grid_scale=(0.0005, -0.0005))
    dataset = xr.open_dataset(ee.ImageCollection(STACK), engine="ee", **grid)
    expected = sample(stack, "EPSG:4326", grid["crs_transform"], grid["shape_2d"][::-1])
    np.testing.assert_array_equal(values(dataset), expected.astype("f4").filled(np.nan))


def test_an_image_and_a_uri_open_too(scene):
    grid = {"crs": CRS, "crs_transform": tuple(TRANSFORM[:6]), "shape_2d": SHAPE[::-1]}
    dataset = xr.open_dataset(ee.Image("scene").set("system:time_start", 0), engine="ee", **grid)
    np.testing.assert_array_equal(dataset.a.values[0], scene[0].astype("f4").filled(np.nan))
    assert xr.open_dataset(f"ee://{STACK}", engine="ee", **grid).sizes["time"] == 4
