"""Makes the files of this folder and `expected.json`, what netCDF4, h5py, rasterio and xarray read from them.

    pip install -r requirements.txt && python make-containers.py && npx biome format --write .
"""

import gzip
import json
import pathlib
import tarfile
import zipfile

import h5py
import netCDF4
import numpy as np
import rasterio
import xarray as xr
from rasterio.transform import from_origin

HERE = pathlib.Path(__file__).parent
RAW = np.arange(24, dtype="i2").reshape(4, 6)
GAP = (1, 2)
NODATA = -32768
BOUNDS = from_origin(10, 54, 1, 1)


def net_cdf(name: str, bottom_up: bool, file_format: str, **packing) -> None:
    """Two variables on a grid that only its 1-D coordinates tell, latitudes up or down."""
    with netCDF4.Dataset(HERE / name, "w", format=file_format) as d:
        d.createDimension("lat", 4)
        d.createDimension("lon", 6)
        lat, lon = d.createVariable("lat", "f8", ("lat",)), d.createVariable("lon", "f8", ("lon",))
        down = np.arange(4)[::-1] + 50.5
        lat[:], lon[:] = (down[::-1] if bottom_up else down), np.arange(6) + 10.5
        lat.units, lat.standard_name = "degrees_north", "latitude"
        lon.units, lon.standard_name = "degrees_east", "longitude"
        crs = d.createVariable("crs", "i4")
        crs.grid_mapping_name = "latitude_longitude"
        crs.semi_major_axis, crs.inverse_flattening = 6378137.0, 298.257223563
        for band, offset in (("b1", 100), ("b2", 200)):
            v = d.createVariable(band, "i2", ("lat", "lon"), fill_value=NODATA)
            v.set_auto_maskandscale(False)
            v.grid_mapping = "crs"
            v.setncatts(packing)
            data = (RAW + offset).astype("i2")
            data[GAP] = NODATA
            v[:] = data[::-1] if bottom_up else data


def tiff(name: str, data: np.ndarray, nodata=None, scale=None, offset=None, unit=None) -> None:
    profile = dict(driver="GTiff", width=6, height=4, count=1, dtype=data.dtype, crs="EPSG:4326")
    with rasterio.open(HERE / name, "w", transform=BOUNDS, nodata=nodata, **profile) as d:
        d.write(data[None])
        if scale is not None:
            d.scales, d.offsets, d.units = (scale,), (offset,), (unit,)


net_cdf("up.nc", True, "NETCDF4", scale_factor=0.01, add_offset=273.15, units="K")
net_cdf("down.nc", False, "NETCDF3_CLASSIC", scale_factor=0.01, add_offset=273.15, units="K")
with h5py.File(HERE / "two.h5", "w") as f:
    f["b1"], f["g/b2"] = RAW, RAW.astype("f4")
tiff("plain.tif", RAW, nodata=-1)
scaled = RAW.copy()
scaled[GAP] = NODATA
tiff("scaled.tif", scaled, NODATA, 0.1, -5.0, "mm")
tiff("other-scale.tif", scaled, NODATA, 0.2, -5.0, "mm")
signed = (RAW - 12).astype("i1")
signed[GAP] = -128
tiff("int8.tif", signed, -128)
tiff("int64.tif", RAW.astype("i8"))
tiff("complex.tif", RAW.astype("c8"))
with zipfile.ZipFile(HERE / "scenes.zip", "w") as z:
    z.write(HERE / "plain.tif", "a.tif")
    z.write(HERE / "plain.tif", "sub/b.tif")
    z.writestr("c.vrt", '<VRTDataset rasterXSize="6" rasterYSize="4"/>')
with tarfile.open(HERE / "scenes.tar", "w") as t:
    t.add(HERE / "plain.tif", "a.tif")
(HERE / "plain.tif.gz").write_bytes(gzip.compress((HERE / "plain.tif").read_bytes(), mtime=0))


def listed(values: np.ndarray) -> list:
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, "f8").ravel()]


def by_rasterio(name: str, unscale: bool) -> list:
    with rasterio.open(HERE / name) as d:
        values = d.read(1, masked=True).astype("f8")
        if unscale:
            values = values * d.scales[0] + d.offsets[0]
        return listed(values.filled(np.nan))


def by_xarray(name: str, band: str, decode: bool) -> list:
    with xr.open_dataset(HERE / name, mask_and_scale=decode) as d:
        values = d[band].sortby("lat", ascending=False).values.astype("f8")
    return listed(values if decode else np.where(values == NODATA, np.nan, values))


expected = {
    "versions": {m.__name__: m.__version__ for m in (np, netCDF4, h5py, rasterio, xr)},
    "raw": {
        **{f"{n}:{b}": by_xarray(n, b, False) for n in ("up.nc", "down.nc") for b in ("b1", "b2")},
        **{n: by_rasterio(n, False) for n in ("plain.tif", "scaled.tif", "int8.tif")},
    },
    "decoded": {
        **{f"{n}:{b}": by_xarray(n, b, True) for n in ("up.nc", "down.nc") for b in ("b1", "b2")},
        "scaled.tif": by_rasterio("scaled.tif", True),
    },
}
(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
