"""Cubes with overviews: every level against numpy's reduction of the bands, as zarr, xarray, tensorstore, zarrita and GDAL read it."""

import json
import shutil
import subprocess
from pathlib import Path

import icechunk
import numpy as np
import pytest
import rasterio
import xarray as xr
import zarr

HERE = Path(__file__).parent
GDAL_VERSION = tuple(int(part) for part in rasterio.__gdal_version__.split(".")[:2])


def pytest_generate_tests(metafunc):
    if "leveled" in metafunc.fixturenames:
        manifest = json.loads((Path(metafunc.config.getoption("--cubes")) / "manifest.json").read_text())
        metafunc.parametrize("leveled", [pytest.param(it, id=it["name"]) for it in manifest["leveled"]])


def open_store(leveled):
    if leveled["store"].endswith(".zarr"):
        return leveled["store"]
    storage = icechunk.local_filesystem_storage(leveled["store"])
    return icechunk.Repository.open(storage).readonly_session("main").store


def loaded_pixels(group, shape, chunk):
    """Where tiles are loaded and not empty: [y, x], or [time, y, x]."""
    states = group["geocubes/ledger"][:] & 3
    whole = np.repeat(np.repeat(states == 1, chunk[0], axis=-2), chunk[1], axis=-1)
    return whole[..., : shape[0], : shape[1]]


def reduced(pixels, valid, factor, how, fill):
    """The cells of a level, [y, x], by what the page says of them."""
    height, width = pixels.shape
    cells = np.full((-(-height // factor), -(-width // factor)), fill, pixels.dtype)
    for i, j in np.ndindex(cells.shape):
        part = slice(i * factor, (i + 1) * factor), slice(j * factor, (j + 1) * factor)
        if how == "near":
            y, x = i * factor + factor // 2, j * factor + factor // 2
            if y < height and x < width and valid[y, x]:
                cells[i, j] = pixels[y, x]
            continue
        values = pixels[part][valid[part]]
        if values.size == 0:
            continue
        if how == "average":
            mean = values.astype("float64").mean()
            cells[i, j] = mean if pixels.dtype.kind == "f" else np.floor(mean + 0.5)
            assert pixels.dtype.kind == "f" or cells[i, j] != fill or fill == 0
        else:
            kinds, counts = np.unique(values, return_counts=True)
            top = set(kinds[counts == counts.max()].tolist())
            if len(top) == 1:
                cells[i, j] = top.pop()
            else:
                cells[i, j] = first_to_be(values.tolist(), counts.max())
    return cells


def first_to_be(values, most):
    """Of equally frequent values the one that is seen so often first."""
    seen = {}
    for value in values:
        seen[value] = seen.get(value, 0) + 1
        if seen[value] == most:
            return value


def expected_levels(leveled):
    """(factor, band, step, cells) of all levels, computed from the bands as zarr-python reads them."""
    group = zarr.open_group(open_store(leveled), mode="r")
    for band, how in leveled["reductions"].items():
        array = group[band]
        *_, height, width = array.shape
        loaded = loaded_pixels(group, (height, width), array.chunks[-2:])
        for step in range(array.shape[0]) if array.ndim == 3 else [None]:
            pixels = array[:] if step is None else array[step]
            valid = (loaded if step is None else loaded[step]).copy()
            fill = array.fill_value
            if pixels.dtype.kind == "f":
                valid &= ~np.isnan(pixels)
            elif "_FillValue" in array.attrs:
                valid &= pixels != fill
            for factor in leveled["factors"]:
                yield factor, band, step, reduced(pixels, valid, factor, how, fill)


@pytest.fixture(scope="module")
def expectations():
    return {}


@pytest.fixture
def expected(leveled, expectations):
    if leveled["name"] not in expectations:
        expectations[leveled["name"]] = list(expected_levels(leveled))
    return expectations[leveled["name"]]


def assert_cells(actual, cells, what):
    assert actual.dtype == cells.dtype, what
    assert actual.shape == cells.shape, what
    if cells.dtype.kind == "f":
        np.testing.assert_allclose(actual, cells, rtol=1e-6, atol=0, equal_nan=True, err_msg=what)
    else:
        np.testing.assert_array_equal(actual, cells, err_msg=what)


def test_zarr_reads_the_levels_that_numpy_computes(leveled, expected):
    group = zarr.open_group(open_store(leveled), mode="r")
    kinds = set()
    for factor, band, step, cells in expected:
        array = group[f"overviews/{factor}/{band}"]
        assert_cells(array[:] if step is None else array[step], cells, f"{band} 1/{factor} {step}")
        kinds.add(len(np.unique(cells[~np.isnan(cells)] if cells.dtype.kind == "f" else cells)) > 1)
    assert True in kinds


def test_xarray_opens_a_level_with_its_coordinates_and_the_root_as_before(leveled, expected):
    root = xr.open_zarr(open_store(leveled), consolidated=False, chunks=None)
    assert set(root.data_vars) == set(leveled["reductions"])
    for factor, band, step, cells in expected:
        level = xr.open_zarr(
            open_store(leveled), group=f"overviews/{factor}", consolidated=False, chunks=None, mask_and_scale=False
        )
        pixels = level[band] if step is None else level[band].isel(time=step)
        assert_cells(pixels.values, cells, f"{band} 1/{factor} {step}")
        dx, dy = (float(root[axis][1] - root[axis][0]) for axis in "xy")
        # The first cell is as far from the corner as half of its pixels.
        assert float(level.x[0]) == pytest.approx(float(root.x[0]) + (factor - 1) / 2 * dx)
        assert float(level.y[0]) == pytest.approx(float(root.y[0]) + (factor - 1) / 2 * dy)
        assert level.spatial_ref.attrs["crs_wkt"] == root.spatial_ref.attrs["crs_wkt"]
        if step is not None:
            np.testing.assert_array_equal(level.time.values, root.time.values)


def test_a_level_goes_to_netcdf_as_it_is(leveled, tmp_path):
    pytest.importorskip("netCDF4")
    level = xr.open_zarr(open_store(leveled), group="overviews/2", consolidated=False, chunks=None)
    level.to_netcdf(tmp_path / "level.nc")
    with xr.open_dataset(tmp_path / "level.nc") as again:
        assert set(again.data_vars) == set(level.data_vars)


def test_tensorstore_reads_the_levels_of_a_plain_directory(leveled, expected):
    tensorstore = pytest.importorskip("tensorstore")
    if not leveled["store"].endswith(".zarr"):
        pytest.skip("tensorstore's own icechunk driver is not in its wheel")
    for factor, band, step, cells in expected:
        path = f"{leveled['store']}/overviews/{factor}/{band}/"
        array = tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}).result()
        pixels = np.asarray((array if step is None else array[step]).read().result())
        assert_cells(pixels, cells, f"{band} 1/{factor} {step}")


def test_zarrita_reads_the_levels_of_a_plain_directory(leveled, expected):
    if not leveled["store"].endswith(".zarr"):
        pytest.skip("zarrita has no icechunk store of its own")
    for factor, band, step, cells in expected:
        more = [] if step is None else [str(step)]
        command = [shutil.which("node"), HERE.parent / "files" / "read-level.mjs", leveled["store"], f"overviews/{factor}/{band}", *more]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        pixels = np.frombuffer(bytes.fromhex(told["hex"]), cells.dtype).reshape(told["shape"])
        assert_cells(pixels, cells, f"{band} 1/{factor} {step}")


@pytest.mark.skipif(GDAL_VERSION < (3, 12), reason=f"GDAL {rasterio.__gdal_version__} is too old for Zarr v3")
def test_gdal_reads_a_level_where_it_lies(leveled, expected):
    if not leveled["store"].endswith(".zarr"):
        pytest.skip("GDAL reads no Icechunk repository")
    for factor, band, step, cells in expected:
        if step is not None or cells.dtype == bool:
            # Of a time axis it makes a subdataset of each step; it has no truths.
            continue
        with rasterio.open(f'ZARR:"{leveled["store"]}":/overviews/{factor}/{band}') as level:
            assert_cells(level.read(1), cells, f"{band} 1/{factor}")
            assert f"EPSG:{level.crs.to_epsg()}" == leveled["crs"]
            a, _, c, _, e, f = leveled["affine"]
            assert level.transform[:6] == pytest.approx((a * factor, 0, c, 0, e * factor, f), rel=1e-9)


def test_the_levels_are_listed_as_the_convention_asks(leveled):
    """https://github.com/zarr-conventions/multiscales, v1: by what its schema requires of each entry."""
    root = zarr.open_group(open_store(leveled), mode="r")
    declared = {entry["name"]: entry for entry in root.attrs["zarr_conventions"]}
    assert set(declared) == {"proj", "spatial", "multiscales"}
    for entry in declared.values():
        assert {"uuid", "schema_url", "spec_url"} <= set(entry)
    layout = root.attrs["multiscales"]["layout"]
    assert [entry["asset"] for entry in layout] == [".", *(f"overviews/{it}" for it in leveled["factors"])]
    a, _, c, _, e, f = leveled["affine"]
    for entry, factor in zip(layout, [1, *leveled["factors"]], strict=True):
        assert entry["transform"] == {"scale": [factor, factor], "translation": [0, 0]}
        assert entry["spatial:transform"] == [a * factor, 0, c, 0, e * factor, f]
        first = next(iter(leveled["reductions"]))
        path = first if factor == 1 else f"{entry['asset']}/{first}"
        assert entry["spatial:shape"] == list(root[path].shape[-2:])
        assert factor == 1 or entry["derived_from"] == "."
