"""geedim 2: downloads in tiles, through thumbnails."""

import warnings

import ee
import numpy as np
import pytest
import rasterio
from make_scenes import CRS, SHAPE, TRANSFORM
from nearest import sample

geedim = pytest.importorskip("geedim", reason="geedim is in the other environment")
STACK = "users/clients/stack"


def test_an_image_on_its_own_grid_arrives_tile_by_tile(stack):
    image = ee.ImageCollection(STACK).first()
    assert (image.gd.crs, image.gd.shape, image.gd.dtype) == (CRS, SHAPE, "int16")
    got = image.gd.toNumPy(masked=True, max_tile_size=0.02)
    expected = np.ma.stack(list(stack[0]), axis=-1)
    assert (np.ma.getmaskarray(got) == np.ma.getmaskarray(expected)).all()
    assert (got == expected).all()


def test_a_geotiff_has_the_grid_the_nodata_value_and_the_pixels_of_the_source(scene, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # There is no STAC entry of this image, it says.
        ee.Image("scene").gd.toGeoTIFF(tmp_path / "scene.tif")
    with rasterio.open(tmp_path / "scene.tif") as file:
        assert (file.crs, file.transform, file.nodata) == (rasterio.CRS.from_string(CRS), TRANSFORM, 0)
        got = file.read(masked=True)
    assert (got.mask == scene.mask).all() and (got == scene).all()


def test_a_composite_is_exported_on_the_grid_that_is_asked_for(stack):
    transform, shape = [0.0005, 0, 15.0, 0, -0.0005, 51.45], (80, 120)
    image = ee.ImageCollection(STACK).median().gd.prepareForExport(
        crs="EPSG:4326", crs_transform=transform, shape=shape, dtype="float32"
    )
    got = image.gd.toNumPy(masked=True)
    expected = np.moveaxis(sample(np.ma.median(stack, axis=0), "EPSG:4326", transform, shape), 0, -1)
    assert (np.ma.getmaskarray(got) == np.ma.getmaskarray(expected)).all()
    np.testing.assert_allclose(got.filled(0), expected.filled(0), rtol=1e-6)


def test_a_region_and_a_scale_give_a_grid_of_multiples_of_the_scale(scene):
    region = ee.Geometry.Rectangle([15.01, 51.42, 15.05, 51.44], None, False)
    image = ee.Image("scene").gd.prepareForExport(crs="EPSG:3857", region=region, scale=60)
    a, _, c, _, e, f = image.gd.transform
    assert (a, e) == (60, -60) and c % 60 == f % 60 == 0
    got = image.gd.toNumPy(masked=True)
    expected = np.moveaxis(sample(scene, "EPSG:3857", image.gd.transform, image.gd.shape), 0, -1)
    assert got.size > 10000
    assert (np.ma.getmaskarray(got) == np.ma.getmaskarray(expected)).all() and (got == expected).all()
