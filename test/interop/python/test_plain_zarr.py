"""The same keys and bytes as a plain Zarr directory, opened by GDAL: what QGIS and exports would see."""

import asyncio

import numpy as np
import pytest
import rasterio
from cube import assert_same_pixels
from zarr.core.buffer import default_buffer_prototype

GDAL_VERSION = tuple(int(part) for part in rasterio.__gdal_version__.split(".")[:2])

pytestmark = pytest.mark.skipif(
    GDAL_VERSION < (3, 12),
    reason=f"GDAL {rasterio.__gdal_version__} of this rasterio is too old for Zarr v3 ('Unsupported codec: bytes')",
)


def write_plain_zarr(store, folder):
    async def write():
        async for key in store.list():
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((await store.get(key, default_buffer_prototype())).to_bytes())

    asyncio.run(write())


def test_gdal_reads_pixels_crs_grid_and_nodata(warped_cube, tmp_path):
    folder = tmp_path / "plain.zarr"
    write_plain_zarr(warped_cube.store, folder)
    for name in warped_cube.bands:
        with rasterio.open(f'ZARR:"{folder}":/{name}') as band:
            what = f"{warped_cube.name}/{name}"
            assert_same_pixels(band.read(1), warped_cube.expected[name], what)
            assert f"EPSG:{band.crs.to_epsg()}" == warped_cube.crs
            # GDAL computes the grid from the centres x and y, with an error of a few units in the last place.
            assert band.transform[:6] == pytest.approx(warped_cube.transform[:6], rel=1e-9)
            # GDAL takes Zarr's fill_value, which every array has, for nodata.
            nodata = np.array(band.nodata, warped_cube.dtype)
            assert_same_pixels(nodata, np.array(warped_cube.fill, warped_cube.dtype), f"nodata of {what}")
