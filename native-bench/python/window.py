"""A window of all bands to a GeoTIFF, as one would type it: `window.py rasterio|zarr INPUT OUT OFFSET SIDE`."""

import sys

import rasterio
from rasterio.windows import Window

kind, source, out, offset, side = sys.argv[1:]
offset, side = int(offset), int(side)

if kind == "rasterio":
    with rasterio.open(source) as file:
        window = Window(offset, offset, side, side)
        pixels = file.read(window=window)
        place = {"crs": file.crs, "transform": file.window_transform(window)}
else:
    import icechunk
    import numpy as np
    import zarr

    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(source))
    cube = zarr.open_group(repository.readonly_session("main").store, mode="r")
    grid = cube["spatial_ref"].attrs
    part = slice(offset, offset + side)
    pixels = np.stack([cube[name][part, part] for name in ("red", "green", "blue")])
    west, width, _, north, _, height = map(float, grid["GeoTransform"].split())
    transform = rasterio.Affine(width, 0, west + offset * width, 0, height, north + offset * height)
    place = {"crs": grid["crs_wkt"], "transform": transform}

profile = {
    **{"driver": "GTiff", "count": len(pixels), "height": side, "width": side},
    **{"dtype": pixels.dtype, "compress": "deflate", "tiled": True},
}
with rasterio.open(out, "w", **profile, **place) as file:
    file.write(pixels)
