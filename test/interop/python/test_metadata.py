"""Names, attributes and georeferencing, as xarray, rioxarray and pyproj understand them."""

import icechunk
import numpy as np
import pyproj
import pytest
import rioxarray  # noqa: F401  registers the .rio accessor
import zarr
from cube import assert_same_pixels

AROUND_THE_BANDS = {"x", "y", "spatial_ref"}


def test_root_holds_the_bands_and_what_belongs_to_them(cube):
    arrays = {name for name, _ in cube.group.arrays()}
    assert arrays == {*cube.bands, *AROUND_THE_BANDS}
    assert {name for name, _ in cube.group.groups()} == {"geocubes"}


def test_a_tag_names_the_newest_commit(cube):
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(cube.record["store"]))
    assert repository.list_tags() == {"filled"}
    assert repository.lookup_tag("filled") == repository.lookup_branch("main")


def test_ledger_is_not_among_the_variables_of_xarray(cube):
    dataset = cube.dataset(decode_coords="all")
    assert set(dataset.data_vars) == set(cube.bands)
    assert set(dataset.coords) == AROUND_THE_BANDS
    assert set(dataset.sizes) == {"y", "x"}


def test_ledger_says_what_the_javascript_side_says(cube):
    ledger = cube.group["geocubes/ledger"]
    rows, cols = -(-np.array(cube.shape) // cube.chunk)
    assert ledger.shape == (rows, cols)
    assert ledger.metadata.dimension_names == ("tile_row", "tile_col")
    expected = np.zeros(ledger.shape, ledger.dtype)
    for index, state in cube.tiles.items():
        expected[index] = state
    assert_same_pixels(ledger[:] & 3, expected, f"ledger of {cube.name}")


def test_demo_holds_full_and_empty_tiles(cube):
    if cube.name == "demo":
        assert set(cube.tiles.values()) == {1, 2}


def test_coordinates_name_their_axis_and_unit(cube):
    dataset = cube.dataset()
    crs = pyproj.CRS(cube.crs)
    for axis, resolution in {"x": cube.transform.a, "y": cube.transform.e}.items():
        attributes = dataset[axis].attrs
        if crs.is_geographic:
            names = {"x": ("longitude", "degrees_east"), "y": ("latitude", "degrees_north")}[axis]
        else:
            names = (f"projection_{axis}_coordinate", crs.axis_info[0].unit_name)
        assert (attributes["standard_name"], attributes["units"]) == names
        assert attributes["axis"] == axis.upper()
        # smart-geocubes 0.0.x reads these two.
        assert attributes["resolution"] == resolution
        assert attributes["crs"] == cube.crs


def test_pyproj_reads_the_crs_from_the_cf_attributes(cube):
    spatial_ref = cube.dataset().spatial_ref
    crs = pyproj.CRS.from_cf(spatial_ref.attrs)
    assert crs == pyproj.CRS(cube.crs)
    assert f"EPSG:{crs.to_epsg()}" == cube.crs
    assert int(spatial_ref) == crs.to_epsg()
    # CF readers want the one, GDAL and older rioxarray the other.
    for name in ("crs_wkt", "spatial_ref"):
        assert pyproj.CRS.from_wkt(spatial_ref.attrs[name]) == crs


def test_every_band_links_to_its_crs(cube):
    for name in cube.bands:
        assert cube.group[name].attrs["grid_mapping"] == "spatial_ref"


def test_rioxarray_finds_crs_and_transform_of_the_cube_and_of_each_band(cube):
    dataset = cube.dataset(decode_coords="all")
    for what in (dataset, *(dataset[name] for name in cube.bands)):
        assert what.rio.crs is not None and f"EPSG:{what.rio.crs.to_epsg()}" == cube.crs
        assert what.rio.transform() == cube.transform
        assert (what.rio.height, what.rio.width) == cube.shape
        # The bounds come from the transform: the outer edges, not the centres.
        assert what.rio.bounds()[0] == cube.transform.c
        assert what.rio.bounds()[3] == cube.transform.f


def test_transform_from_the_centres_equals_the_stored_one(cube):
    dataset = cube.dataset(decode_coords="all")
    computed = dataset.rio.transform(recalc=True)
    assert computed[:6] == pytest.approx(cube.transform[:6], rel=1e-9)


def test_geotransform_is_gdals_order_and_exact(cube):
    stored = [float(number) for number in cube.dataset().spatial_ref.attrs["GeoTransform"].split(" ")]
    assert stored == list(cube.transform.to_gdal())


def assert_same_value(found, expected):
    assert (found is None) == (expected is None), (found, expected)
    assert found == expected or (np.isnan(found) and np.isnan(expected)), (found, expected)


def test_the_crs_is_known_to_rioxarray_without_any_option(cube):
    band = cube.dataset()[cube.bands[0]]
    assert band.rio.crs is not None
    assert "spatial_ref" in band.coords


def test_nodata_is_known_to_rioxarray_in_the_stored_type(cube):
    for name in cube.bands:
        raw = cube.dataset(mask_and_scale=False, decode_coords="all")[name]
        fill = cube.group[name].fill_value
        assert_same_pixels(fill, np.array(cube.fill, cube.dtype), f"fill_value of {cube.name}/{name}")
        expected = np.nan if np.issubdtype(cube.dtype, np.floating) else cube.nodata
        assert_same_value(raw.rio.nodata, expected)
        if cube.nodata is not None:
            assert cube.dataset(decode_coords="all")[name].rio.encoded_nodata == cube.nodata


def test_group_attributes_are_those_of_the_proj_and_spatial_conventions(cube):
    attributes = cube.dataset().attrs
    height, width = cube.shape
    corners = [cube.transform @ corner for corner in ((0, height), (width, 0))]
    assert attributes["title"] == cube.record["title"]
    assert attributes["proj:code"] == cube.crs
    assert attributes["spatial:dimensions"] == ["y", "x"]
    assert attributes["spatial:shape"] == [height, width]
    assert attributes["spatial:transform"] == list(cube.transform[:6])
    bounds = np.array([*corners[0], *corners[1]])
    if pyproj.CRS(cube.crs).is_geographic:
        # Grids of the whole earth end a part of a pixel beyond it.
        bounds = np.clip(bounds, [-180, -90, -180, -90], [180, 90, 180, 90])
    assert attributes["spatial:bbox"] == bounds.tolist()
    assert isinstance(attributes["loaded_patches"], list)


def test_format_2_is_read_by_icechunk_2_and_refused_by_1(format_2_cube):
    title = f"Interop {format_2_cube.name}"
    if int(icechunk.__version__.split(".")[0]) >= 2:
        assert zarr.open_group(format_2_cube.store, mode="r").attrs["title"] == title
    else:
        with pytest.raises(icechunk.IcechunkError):
            format_2_cube.store  # noqa: B018  opening is the claim
