"""Pixels and coordinates: what zarr and xarray read is what the JavaScript side reads, and what GDAL makes."""

import math

import numpy as np
import pytest
import zarr
from cube import assert_same_pixels
from reference import describe_reference, warp_as_gdal_does


def test_zarr_reads_the_same_pixels(cube):
    for name in cube.bands:
        array = cube.group[name]
        assert isinstance(array, zarr.Array)
        assert (array.shape, array.chunks, array.dtype) == (cube.shape, cube.chunk, cube.dtype)
        assert_same_pixels(array[cube.window], cube.expected[name], f"{cube.name}/{name}")


def test_sums_and_counts_are_those_of_the_javascript_side(cube):
    for band in cube.record["bands"]:
        pixels = cube.group[band["name"]][cube.window]
        valid = pixels[~np.isnan(pixels)] if pixels.dtype.kind == "f" else pixels[pixels != cube.fill]
        assert valid.size == band["valid"], f"{band['name']}: count of valid pixels"
        if pixels.dtype.kind == "f":
            assert math.fsum(valid) == pytest.approx(band["sum"], rel=1e-12), f"{band['name']}: sum"
        else:
            assert int(valid.sum(dtype=np.int64)) == band["sum"], f"{band['name']}: sum"


def test_every_filled_cube_has_valid_pixels(cube):
    assert all(band["valid"] > 0 for band in cube.record["bands"]), "a cube of nothing proves nothing"


def test_xarray_reads_the_stored_values_as_they_are(cube):
    raw = cube.dataset(mask_and_scale=False)
    for name in cube.bands:
        assert raw[name].dims == ("y", "x")
        assert_same_pixels(raw[name][cube.window].values, cube.expected[name], f"{cube.name}/{name}")


def test_xarray_masks_nodata_and_nothing_else(cube):
    masked = cube.dataset()
    for name in cube.bands:
        expected = cube.expected[name]
        actual = masked[name][cube.window].values
        if cube.nodata is None:
            assert_same_pixels(actual, expected, f"{cube.name}/{name}")
            continue
        assert actual.dtype.kind == "f", "integers with a nodata value are opened as floats"
        assert_same_pixels(np.isnan(actual), expected == cube.nodata, f"mask of {cube.name}/{name}")
        wanted = np.where(expected == cube.nodata, np.nan, expected).astype(actual.dtype)
        assert_same_pixels(actual, wanted, f"{cube.name}/{name}")


def test_coordinates_are_pixel_centres(cube):
    a, _, c, _, e, f = cube.transform[:6]
    height, width = cube.shape
    dataset = cube.dataset()
    # The order of operations is odc-geo's, so that the values agree with its grids to the last bit.
    for axis, centres in {
        "x": np.arange(width) * a + (c + a / 2),
        "y": np.arange(height) * e + (f + e / 2),
    }.items():
        assert dataset[axis].dims == (axis,)
        assert_same_pixels(dataset[axis].values, centres, f"{cube.name}/{axis}")


def test_cube_equals_what_gdal_makes_of_the_file(warped_cube, tmp_path):
    reference = warp_as_gdal_does(warped_cube, tmp_path)
    for name, expected in zip(warped_cube.bands, reference, strict=True):
        what = f"{warped_cube.name}/{name} against {describe_reference()}"
        assert_same_pixels(warped_cube.group[name][:], expected, what)
