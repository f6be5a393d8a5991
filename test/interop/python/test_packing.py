"""What the numbers of imported files stand for: xarray on the cube, against rasterio and xarray on the files."""

import json
from pathlib import Path

import icechunk
import numpy as np
import rasterio
import xarray as xr


def open_cube(record, **options):
    storage = icechunk.local_filesystem_storage(record["store"])
    store = icechunk.Repository.open(storage).readonly_session("main").store
    return xr.open_zarr(store, consolidated=False, chunks=None, **options)["v"]


def values_of(record):
    """float64, north first, NaN where there is no value; and the unit."""
    file = Path(record["file"])
    if record["part"] is not None:
        # As xarray and netCDF4 read them; see make-containers.py. Neither is in each of the environments.
        expected = json.loads((file.parent / "expected.json").read_text())
        values = expected["decoded"][f"{file.name}:{record['part']}"]
        return np.array([np.nan if value is None else value for value in values]).reshape(4, 6), "K"
    with rasterio.open(file) as raster:
        numbers = raster.read(1, masked=True).astype("f8")
        return (numbers * raster.scales[0] + raster.offsets[0]).filled(np.nan), raster.units[0]


def test_xarray_decodes_the_values_of_the_file(packed):
    values, units = values_of(packed)
    band = open_cube(packed)
    assert np.isfinite(values).sum() > 20
    np.testing.assert_allclose(band.values.astype("f8"), values, rtol=1e-6, atol=0)
    assert band.attrs.get("units") == (units or None)


def test_the_numbers_are_stored_as_they_are_unless_values_are_asked_for(packed):
    band = open_cube(packed, mask_and_scale=False)
    assert band.dtype == packed["dtype"]
    assert not (packed["unscale"] and {"scale_factor", "add_offset"} & set(band.attrs))
