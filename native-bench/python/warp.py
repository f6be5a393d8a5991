"""A raster onto another grid, as one would type it in Python, as a process of its own:

    warp.py KIND SOURCE OUT GRID RESAMPLING THREADS [--keep FILE]

KIND is `rasterio` (a GeoTIFF to a GeoTIFF), `odc-import` (a GeoTIFF to a Zarr directory) or `odc-load` (a
cube to a GeoTIFF); GRID is JSON: crs, affine (a b c d e f), shape, chunk, scale (GDAL's widths of the kernel). With --keep nothing is warped: what
`odc-import` wrote to OUT becomes a GeoTIFF, to be compared.
"""

import json
import sys

import numpy as np
import rasterio
from rasterio.enums import Resampling

kind, source, out, grid, resampling, threads, *keep = sys.argv[1:]
grid, threads = json.loads(grid), int(threads)
transform = rasterio.Affine(*grid["affine"])
height, width = grid["shape"]
method = {"near": "nearest"}.get(resampling, resampling)
layout = {
    **{"driver": "GTiff", "tiled": True, "blockxsize": 512, "blockysize": 512, "interleave": "band"},
    **{"compress": "deflate", "zlevel": 1, "predictor": 2, "num_threads": threads},
}


def with_rasterio():
    from rasterio.warp import reproject

    with rasterio.open(source) as file:
        profile = {**{"count": file.count, "dtype": file.dtypes[0], "nodata": file.nodata}, **layout}
        place = {"crs": grid["crs"], "transform": transform, "height": height, "width": width}
        bands = list(range(1, file.count + 1))
        with rasterio.open(out, "w", **profile, **place) as target:
            reproject(
                rasterio.band(file, bands),
                rasterio.band(target, bands),
                resampling=Resampling[method],
                num_threads=threads,
                warp_mem_limit=512,
                **grid["scale"],
            )


def reprojected(data):
    """Block by block of the target, in dask's threads."""
    import odc.geo.xr  # noqa: F401
    from odc.geo.geobox import GeoBox

    target = GeoBox((height, width), transform, grid["crs"])
    chunk = (min(grid["chunk"], height), min(grid["chunk"], width))
    return data.odc.reproject(target, resampling=method, chunks=chunk, **grid["scale"])


def odc_import():
    import rioxarray

    data = rioxarray.open_rasterio(source, chunks={"band": -1, "y": grid["chunk"], "x": grid["chunk"]})
    bands = data.to_dataset("band").rename({i + 1: f"band{i + 1}" for i in range(data.sizes["band"])})
    warped = reprojected(bands)
    warped.to_zarr(out, mode="w", zarr_format=3, consolidated=False)


def odc_load():
    import icechunk
    import odc.geo.xr  # noqa: F401
    import rioxarray  # noqa: F401
    import xarray as xr

    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(source))
    session = repository.readonly_session("main")
    cube = xr.open_zarr(session.store, mask_and_scale=False, consolidated=False, chunks={})
    names = grid["bands"]
    cube = cube[names].odc.assign_crs(grid["sourceCrs"])
    for name in names:
        cube[name].attrs["nodata"] = 0
    reprojected(cube).rio.to_raster(out, **layout)


def keep_as_geotiff(file):
    import xarray as xr

    cube = xr.open_zarr(out, mask_and_scale=False, consolidated=False)
    # Stores list their arrays in any order.
    names = sorted(name for name in cube.data_vars if cube[name].ndim == 2)
    pixels = np.stack([cube[name].values for name in names])
    profile = {"driver": "GTiff", "count": len(names), "dtype": pixels.dtype, "nodata": 0}
    place = {"crs": grid["crs"], "transform": transform, "height": height, "width": width}
    with rasterio.open(file, "w", **profile, **place) as target:
        target.write(pixels)


if keep:
    keep_as_geotiff(keep[1])
elif kind == "rasterio":
    with_rasterio()
else:
    import dask

    with dask.config.set(scheduler="threads", num_workers=threads):
        {"odc-import": odc_import, "odc-load": odc_load}[kind]()
