"""earthengine-api: what it is told, and the pixels it gets."""

import json
from importlib.resources import files

import ee
import numpy as np
import pytest
import rasterio
from make_scenes import CRS, SHAPE, TRANSFORM, YEARS
from nearest import centres, grid_of, sample
from pyproj import Transformer
from rasterio.features import geometry_mask

NATIVE = grid_of(CRS, TRANSFORM, SHAPE)
STACK = "users/clients/stack"


def compute(image, grid=NATIVE):
    """[band, y, x] from the structured array that the client makes of NPY."""
    array = ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    return np.stack([array[name] for name in array.dtype.names])


def same(image, expected, grid=NATIVE, **close):
    """Pixels equal the reference, 0 where it is masked; and masked just there."""
    np.testing.assert_allclose(compute(image, grid), expected.filled(0), **{"rtol": 0, "atol": 0, **close})
    valid = compute(ee.Image(image).mask().gt(0).toUint8(), grid)
    assert (valid == ~np.ma.getmaskarray(expected)).all()


def test_every_function_served_has_the_signature_that_is_published():
    published = json.loads(files("ee").joinpath("tests/algorithms.json").read_text())["algorithms"]
    known = ee._cloud_api_utils.convert_algorithms({"algorithms": published})
    served = ee.data.getAlgorithms()
    assert len(served) > 200
    for name, signature in served.items():
        wanted = known[name]
        assert signature["returns"] == wanted["returns"], name
        strip = lambda args: [{k: v for k, v in each.items() if k != "description"} for each in args]
        assert strip(signature["args"]) == strip(wanted["args"]), name


def test_the_discovery_document_says_of_each_method_what_the_published_one_says():
    published = json.loads(files("ee").joinpath("tests/cloud_api_discovery_document.json").read_text())
    served = json.loads(ee.data._get_state().requests_session.get(
        ee.data._get_state().cloud_api_base_url + "/$discovery/rest?version=v1").text)  # fmt: skip

    def methods(resource, prefix=""):
        found = {prefix + name: method for name, method in resource.get("methods", {}).items()}
        for name, inner in resource.get("resources", {}).items():
            found |= methods(inner, f"{prefix}{name}.")
        return found

    wanted = methods(published)
    for name, method in methods(served).items():
        assert method["httpMethod"] == wanted[name]["httpMethod"], name
        assert method["path"] == wanted[name]["path"].replace("v1alpha", "v1"), name
        required = [key for key, each in wanted[name]["parameters"].items() if each.get("required")]
        assert set(required) <= set(method["parameters"]), name


def test_npy_has_a_field_of_its_own_type_for_each_band_and_masked_pixels_are_zero(scene, stack):
    image = ee.Image("scene").select("a").addBands(ee.ImageCollection(STACK).first().select("nir"))
    array = ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": NATIVE})
    assert array.dtype == np.dtype([("a", "|u1"), ("nir", "<i2")])
    assert (array["a"] == scene[0].filled(0)).all()
    assert (array["nir"] == stack[0, 1].filled(0)).all()


@pytest.mark.parametrize("grid", [{"grid": NATIVE}, {}])
def test_geotiff_of_an_asset_and_of_an_expression_is_the_source_raster(scene, grid):
    of_asset = ee.data.getPixels({"assetId": "scene", "fileFormat": "GEO_TIFF", **grid})
    computed = ee.data.computePixels({"expression": ee.Image("scene"), "fileFormat": "GEO_TIFF", **grid})
    for reply in (of_asset, computed):
        with rasterio.MemoryFile(reply) as memory, memory.open() as file:
            assert (file.crs, file.transform, file.shape) == (rasterio.CRS.from_string(CRS), TRANSFORM, SHAPE)
            assert (file.read() == scene.filled(0)).all()


@pytest.mark.parametrize("name", ["median", "mean", "min", "max", "sum", "count"])
def test_a_composite_of_a_collection_is_that_of_numpy(stack, name):
    reference = {
        "median": np.ma.median, "mean": np.ma.mean, "min": np.ma.min, "max": np.ma.max,
        "sum": np.ma.sum, "count": lambda all, axis: np.ma.array(np.ma.count(all, axis=axis)),
    }[name]  # fmt: skip
    expected = np.ma.masked_array(reference(stack, axis=0))
    tolerance = {"rtol": 1e-6} if name in ("mean", "median") else {}
    image = getattr(ee.ImageCollection(STACK), name)()
    same(image, expected, **tolerance)
    reduced = ee.ImageCollection(STACK).reduce(getattr(ee.Reducer, name)())
    assert reduced.bandNames().getInfo() == [f"red_{name}", f"nir_{name}"]
    same(reduced, expected, **tolerance)


def test_a_mosaic_has_the_last_valid_pixel(stack):
    expected = stack[0].copy()
    for image in stack[1:]:
        expected = np.ma.where(np.ma.getmaskarray(image), expected, image)
    same(ee.ImageCollection(STACK).mosaic(), expected)


def test_arithmetic_masks_and_conditions_are_those_of_numpy(stack):
    image = ee.ImageCollection(STACK).first()
    red, nir = stack[0].astype(float)
    same(image.normalizedDifference(["nir", "red"]), ((nir - red) / (nir + red))[None], rtol=1e-6)
    same(image.select("red").sqrt(), np.ma.sqrt(red)[None], rtol=1e-6)
    same(image.select("red").add(image.select("nir")).divide(2), ((red + nir) / 2)[None])
    masked = np.ma.array(red, mask=np.ma.getmaskarray(red) | ~(nir > 1000).filled(False))
    same(image.select("red").updateMask(image.select("nir").gt(1000)), masked[None])
    where = np.ma.where((nir > 1000).filled(False) & ~nir.mask, 7, red)
    where = np.ma.array(where.data, mask=red.mask)
    same(image.select("red").where(image.select("nir").gt(1000), 7), where[None])
    same(image.select("red").unmask(-5), np.ma.array(red.filled(-5))[None])
    same(image.select("red").clamp(100, 200), np.ma.clip(red, 100, 200)[None])
    same(image.select("red").bitwiseAnd(12), (stack[0, 0] & 12)[None])


def test_collections_are_lists_of_images(stack):
    collection = ee.ImageCollection(STACK)
    names = [f"y{year}" for year in YEARS]
    assert collection.size().getInfo() == 4
    assert collection.aggregate_array("system:index").getInfo() == names
    later = collection.filterDate("2021-01-01", "2023-01-01")
    assert later.aggregate_array("system:index").getInfo() == names[1:3]
    last = collection.sort("system:time_start", False).limit(2)
    assert last.aggregate_array("system:index").getInfo() == names[:1:-1]
    part = ee.ImageCollection(collection.toList(3, 1).slice(0, 3, 2))
    same(part.toBands(), stack[[1, 3]].reshape(4, *SHAPE))
    assert part.toBands().bandNames().getInfo() == ["y2021_red", "y2021_nir", "y2023_red", "y2023_nir"]
    add = lambda image, total: ee.Image(total).add(ee.Image(image).select("red").unmask(0))
    same(ee.Image(collection.iterate(add, ee.Image(0))), np.ma.array(stack[:, 0].filled(0).sum(0))[None])
    doubled = collection.map(lambda image: image.multiply(2).copyProperties(image, ["system:time_start"]))
    same(doubled.max(), np.ma.max(stack, axis=0) * 2)
    times = collection.aggregate_array("system:time_start").getInfo()
    assert doubled.aggregate_array("system:time_start").getInfo() == times


def test_metadata_are_those_of_the_file(folder):
    image = ee.Image("scene")
    info = image.getInfo()["bands"][0]
    assert (info["crs"], info["crs_transform"], info["dimensions"]) == (CRS, list(TRANSFORM[:6]), list(SHAPE[::-1]))
    assert image.bandTypes().getInfo()["a"] == {"type": "PixelType", "precision": "int", "min": 0, "max": 255}
    projection = image.projection()
    assert projection.getInfo()["transform"] == list(TRANSFORM[:6])
    assert projection.nominalScale().getInfo() == 30
    tagged = image.set({"cloud": 12.5}).set("name", "x")
    assert tagged.get("cloud").getInfo() == 12.5
    assert {"cloud", "name", "system:footprint"} <= set(tagged.propertyNames().getInfo())
    assert (compute(tagged.metadata("cloud")) == 12.5).all()
    with rasterio.open(f"{folder}/scene.tif") as file:
        west, south, east, north = rasterio.warp.transform_bounds(CRS, "EPSG:4326", *file.bounds, densify_pts=63)
    ring = np.array(image.geometry().bounds().coordinates().getInfo()[0])
    np.testing.assert_allclose([*ring.min(0), *ring.max(0)], [west, south, east, north], atol=1e-6)


def test_coordinates_of_pixels_are_those_of_pyproj():
    x, y = centres(TRANSFORM, SHAPE)
    expected = np.stack(Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y))
    np.testing.assert_allclose(compute(ee.Image.pixelLonLat()), expected, atol=1e-9)
    np.testing.assert_allclose(compute(ee.Image.pixelCoordinates(ee.Projection(CRS))), np.stack([x, y]))


@pytest.mark.parametrize("crs, transform", [
    ("EPSG:3857", (97, 0, 1669950, 0, -77, 6700900)),
    ("EPSG:4326", (0.0011, 0, 14.99, 0, -0.0005, 51.45)),
])  # fmt: skip
def test_reprojected_pixels_are_the_nearest_ones_on_the_grid_between(scene, crs, transform):
    shape = (90, 70)
    between = sample(scene, crs, transform, shape)
    image = ee.Image("scene").reproject(crs, list(transform))
    same(image, between, grid_of(crs, transform, shape))
    x, y = Transformer.from_crs(CRS, crs, always_xy=True).transform(*centres(TRANSFORM, SHAPE))
    cols, rows = (np.floor(v).astype(int) for v in ~rasterio.Affine(*transform) @ (x, y))
    # Pixels of the scene whose centre lies on the part of the grid that `between` has.
    inside = (cols >= 0) & (cols < 70) & (rows >= 0) & (rows < 90)
    got = compute(image)
    assert inside.sum() > 5000
    assert (got[:, inside] == between[:, rows[inside], cols[inside]].filled(0)).all()


def test_a_clip_keeps_the_pixels_whose_centre_is_inside(scene):
    ring = [[500500, 5699500], [504000, 5699000], [503000, 5696000], [501000, 5695900], [500500, 5699500]]
    geometry = ee.Geometry.Polygon([ring], ee.Projection(CRS), False)
    outside = geometry_mask([{"type": "Polygon", "coordinates": [ring]}], SHAPE, TRANSFORM)
    expected = np.ma.array(scene.data, mask=scene.mask | outside)
    assert 0 < outside.sum() < outside.size
    same(ee.Image("scene").clip(geometry), expected)


def test_bounds_of_a_geodesic_rectangle_bulge_by_what_the_sphere_says():
    ring = np.array(ee.Geometry.Rectangle([126, 72, 127, 73]).bounds().coordinates().getInfo()[0])
    middle = np.degrees(np.arctan(np.tan(np.radians(73)) / np.cos(np.radians(0.5))))
    np.testing.assert_allclose(ring.max(0), [127, middle], atol=1e-9)
    planar = ee.Geometry.Rectangle([126, 72, 127, 73], None, False).bounds().coordinates().getInfo()[0]
    assert np.array(planar).max(0).tolist() == [127, 73]


def test_the_years_of_the_built_in_collection_are_one_picture_with_other_values():
    grid = grid_of("EPSG:4326", (0.001, 0, 126, 0, -0.001, 72.3), (200, 200))
    years = [
        compute(ee.Image(f"projects/geocubes/assets/demo_annual/world_{year}"), grid).astype(int)
        for year in (2017, 2020)
    ]
    valid = compute(ee.Image("projects/geocubes/assets/demo_annual/world_2017").mask().gt(0).toUint8(), grid) == 1
    assert 0.9 < valid.mean() < 1
    assert ((years[0] + 37 * 3) % 256 == years[1])[valid].all()


def test_listings_name_what_is_there():
    names = [asset["id"] for asset in ee.data.listAssets(f"projects/earthengine-legacy/assets/{STACK}")["assets"]]
    assert names == [f"{STACK}/y{year}" for year in YEARS]
    assert len(ee.data.listImages(f"projects/earthengine-legacy/assets/{STACK}")["images"]) == 4


def test_what_cannot_be_honoured_is_refused_by_name():
    with pytest.raises(ee.EEException, match="Image.resample: .* nearest"):
        ee.Image("scene").resample("bilinear").getInfo()
    with pytest.raises(ee.EEException, match="asset 'nowhere/none' not found"):
        ee.Image("nowhere/none").getInfo()
    with pytest.raises(ee.EEException, match="must be less than or equal to 50331648 bytes"):
        compute(ee.Image("scene"), grid_of(CRS, TRANSFORM, (6000, 6000)))
    with pytest.raises(ee.EEException, match="'PNG' is not written"):
        ee.data.computePixels({"expression": ee.Image("scene"), "fileFormat": "PNG", "grid": NATIVE})
