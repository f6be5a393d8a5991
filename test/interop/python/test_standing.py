"""What others do with a cube as xarray opens it: NetCDF files, and rio-tiler's reader."""

import json
from pathlib import Path

import pytest
import xarray as xr


@pytest.fixture
def manifest(request):
    return json.loads((Path(request.config.getoption("--cubes")) / "manifest.json").read_text())


@pytest.fixture
def presets(manifest):
    return manifest["presets"]


@pytest.fixture
def leveled_directory(manifest):
    return next(it["store"] for it in manifest["leveled"] if it["store"].endswith(".zarr"))


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_a_cube_goes_to_netcdf_with_all_its_attributes(cube, engine, tmp_path):
    pytest.importorskip({"netcdf4": "netCDF4", "h5netcdf": "h5netcdf"}[engine])
    rows, cols = cube.window
    dataset = cube.dataset().isel(y=rows, x=cols)
    dataset.to_netcdf(tmp_path / "cube.nc", engine=engine)
    with xr.open_dataset(tmp_path / "cube.nc", engine=engine) as again:
        assert set(again.attrs) == set(dataset.attrs)
        for band in cube.bands:
            xr.testing.assert_equal(again[band], dataset[band])


def test_a_cube_with_overviews_goes_to_netcdf_with_what_the_page_says(leveled_directory, tmp_path):
    pytest.importorskip("netCDF4")
    ds = xr.open_zarr(leveled_directory, consolidated=False, chunks=None)
    with pytest.raises(TypeError):
        ds.to_netcdf(tmp_path / "cube.nc")
    names = ("multiscales", "zarr_conventions")
    ds.assign_attrs({name: json.dumps(ds.attrs[name]) for name in names}).to_netcdf(tmp_path / "cube.nc")
    with xr.open_dataset(tmp_path / "cube.nc") as again:
        assert json.loads(again.attrs["multiscales"]) == ds.attrs["multiscales"]


@pytest.mark.parametrize("preset", ["TCTrend", "AlphaEarth"])
def test_rio_tiler_opens_the_world_grids_without_the_rows_beyond_the_poles(presets, preset):
    pytest.importorskip("rio_tiler")
    from rio_tiler.errors import InvalidGeographicBounds
    from rio_tiler.io.xarray import XarrayReader

    ds = xr.open_zarr(presets[preset], consolidated=False)
    west, south, east, north = ds.attrs["spatial:bbox"]
    assert (west, south, east, north) == (-180, -90, 180, 90)

    def reader(ds):
        band = ds[next(iter(ds.data_vars))]
        return XarrayReader(band.isel(time=0) if "time" in band.dims else band)

    # When this no longer raises, the page has a line too many.
    with pytest.raises(InvalidGeographicBounds):
        reader(ds)
    opened = reader(ds.isel(y=slice(1, -1)))
    assert opened.part((20, 10, 20.02, 10.02), bounds_crs="EPSG:4326").data.shape[0] == 1
