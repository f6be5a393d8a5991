"""What the numbers of imported files stand for: xarray on the cube, against rasterio and xarray on the files."""

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
    if record["part"] is not None:
        with xr.open_dataset(record["file"]) as file:
            band = file[record["part"]].astype("f8").sortby("lat" if "lat" in file.coords else "y", ascending=False)
            return band.values, band.attrs.get("units")
    with rasterio.open(record["file"]) as file:
        numbers = file.read(1, masked=True).astype("f8")
        return (numbers * file.scales[0] + file.offsets[0]).filled(np.nan), file.units[0]


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
