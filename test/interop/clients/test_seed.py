"""Xee 0.0.24, and smart-geocubes 0.1 that stands on it: the whole way, with nothing replaced."""

import json
import warnings

import ee
import numpy as np
import pytest
import xarray as xr
from make_scenes import CRS, TRANSFORM
from nearest import centres, grid_of, sample

smart_geocubes = pytest.importorskip("smart_geocubes", reason="smart-geocubes is in the other environment")
STACK = "users/clients/stack"


def test_xee_fills_a_region_with_the_nearest_pixels(stack):
    region = (15.0, 51.41, 15.08, 51.45)
    dataset = xr.open_dataset(ee.ImageCollection(STACK), engine="ee", crs="EPSG:4326", scale=0.0005, geometry=region)
    assert dataset.red.dims == ("time", "lon", "lat")
    got = np.stack([dataset[name].values for name in ("red", "nir")], axis=1)
    transform = (0.0005, 0, region[0], 0, 0.0005, region[1])
    shape = (dataset.sizes["lat"], dataset.sizes["lon"])
    expected = np.swapaxes(sample(stack, "EPSG:4326", transform, shape), -1, -2)
    np.testing.assert_array_equal(got, expected.astype("f4").filled(np.nan))
    x, _ = centres(transform, shape)
    np.testing.assert_allclose(dataset.lon.values, x[0], atol=1e-12)


def test_xee_reads_a_collection_in_its_own_projection(stack):
    collection = ee.ImageCollection(STACK)
    region = (15.0, 51.42, 15.05, 51.44)
    dataset = xr.open_dataset(collection, engine="ee", projection=collection.first().select(0).projection(), geometry=region)
    transform = (30, 0, dataset.X.values[0] - 15, 0, -30, dataset.Y.values[0] + 15)
    shape = (dataset.sizes["Y"], dataset.sizes["X"])
    expected = np.swapaxes(sample(stack[:, 0], CRS, transform, shape), -1, -2)
    np.testing.assert_array_equal(dataset.red.values, expected.astype("f4").filled(np.nan))
    assert TRANSFORM.a == 30


def test_smart_geocubes_and_this_program_fill_the_same_cube(pytestconfig, tmp_path):
    """Masked pixels are filled by each in its own way, so they are left out: those, and the lowest rows
    that a clip with geodesic edges takes away from smart-geocubes alone."""
    from odc.geo.geobox import GeoBox
    from smart_geocubes.datasets import tctrend

    job = json.loads(open(pytestconfig.getoption("--cube")).read())
    shape = (3, *job["shape"])
    ours = np.fromfile(job["pixels"], "u1").reshape(shape)
    extent = GeoBox.from_bbox(job["bounds"], "epsg:4326", resolution=job["resolution"])
    np.testing.assert_allclose(extent.affine[:6], job["affine"], rtol=0, atol=1e-9)
    assert extent.shape == shape[1:]
    cls = type(job["title"], (getattr(tctrend, job["title"]),), {"extent": extent, "chunk_size": job["chunk"]})
    cube = cls(tmp_path / "cube", backend="simple")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cube.create()
        cube.procedural_download(extent.pad(-1), None)
    theirs = cube.open_xarray()
    theirs = np.stack([theirs[name].values for name in cube.channels])
    tiles = [
        ee.ImageCollection(cube.collection).mosaic().clip(ee.Geometry.Rectangle(list(tile.boundingbox)))
        for tile in (cube._extent_tiles[index] for index in cube._extent_tiles._all_tiles())
    ]
    valid = sum(
        np.stack([array[name] for name in array.dtype.names])
        for array in (
            ee.data.computePixels({
                "expression": tile.mask().gt(0).toUint8(), "fileFormat": "NUMPY_NDARRAY",
                "grid": grid_of("EPSG:4326", job["affine"], job["shape"]),
            })
            for tile in tiles
        )
    ) > 0  # fmt: skip
    print("compared", valid.sum(), "of", valid.size)
    assert valid.mean() > 0.95
    assert (theirs == ours)[valid].all(), f"{(theirs != ours)[valid].sum()} of {valid.sum()} pixels differ"
