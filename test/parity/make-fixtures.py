"""Makes the reference results in fixtures/ that both kernels are held to.

    python -m venv /tmp/parity && /tmp/parity/bin/pip install -r test/parity/requirements.txt
    /tmp/parity/bin/python test/parity/make-fixtures.py

All arrays lie in arrays.bin, little-endian, [y, x]; index.json says where, of which shape and type. The
same seed makes the same files. Three references:

- nearest: rioxarray's interpolate_na(method="nearest"), which is scipy's griddata. Every valid pixel has
  a value of its own, so a filled value tells which pixel it came from, and ties can be judged by distance.
- idw: rasterio.fill.fillnodata (GDAL), then numpy's clip to the observed range and cast.
- warp: rasterio's WarpedVRT (GDAL), which takes a tolerance, though not 0. rasterio.warp.reproject transforms
  to an eighth of a pixel only.
"""

import json
import pathlib

import numpy as np
import rasterio
import rioxarray  # noqa: F401  (adds .rio)
import scipy
import xarray as xr
from affine import Affine
from rasterio.enums import Resampling
from rasterio.fill import fillnodata
from rasterio.vrt import WarpedVRT

FOLDER = pathlib.Path(__file__).parent / "fixtures"
index = {
    "versions": {
        "numpy": np.__version__,
        "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
        "rioxarray": rioxarray.__version__,
        "scipy": scipy.__version__,
        "xarray": xr.__version__,
    },
    "nearest": [],
    "idw": [],
    "warp": [],
}


arrays = bytearray()


def save(array):
    arrays.extend(b"\0" * (-len(arrays) % 8))
    offset = len(arrays)
    arrays.extend(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return {"offset": offset, "dtype": str(array.dtype), "shape": list(array.shape)}


def masks(rng, height, width):
    """Gaps by pattern: 1 is valid."""
    y, x = np.mgrid[:height, :width]
    edges = np.ones((height, width), "uint8")
    edges[:, :3] = edges[-2:, :] = 0
    edges[0, -1] = edges[height // 2, width // 2] = 0
    single = np.zeros((height, width), "uint8")
    single[height // 3, width // 2] = 1
    disc = (((y - height / 2) ** 2 + (x - width / 2) ** 2) > 49).astype("uint8")
    corners = np.zeros((height, width), "uint8")
    corners[0, 0] = corners[0, -1] = corners[-1, 0] = corners[-1, -1] = 1
    return {
        "scattered": (rng.random((height, width)) > 0.4).astype("uint8"),
        "sparse": (rng.random((height, width)) > 0.97).astype("uint8"),
        "edges": edges,
        "single": single,
        "disc": disc,
        "corners": corners,
    }


def nearest(rng):
    height, width = 24, 32
    for name, mask in masks(rng, height, width).items():
        ids = rng.permutation(height * width).reshape(height, width).astype("int32") + 1
        array = xr.DataArray(
            np.where(mask, ids, 0).astype("int32"),
            dims=("y", "x"),
            coords={"y": np.arange(height) * -30.0 + 8985, "x": np.arange(width) * 30.0 + 3015},
        )
        array = array.rio.write_crs(3413).rio.write_nodata(0)
        # griddata needs more than three points that do not lie on a line; nearest needs one.
        filled = array.rio.interpolate_na(method="nearest").values
        index["nearest"].append(
            {"name": name, "source": save(array.values), "filled": save(filled)}
        )


def idw(rng):
    height, width = 16, 21
    for name, mask in masks(rng, height, width).items():
        for dtype, distance in [("uint8", 100), ("int16", 4), ("uint16", 7.5), ("float32", 100)]:
            kind = np.dtype(dtype)
            low, high = (0, 255) if dtype == "uint8" else (-900, 900) if kind.kind != "u" else (100, 60000)
            source = (rng.random((height, width)) * (high - low) + low).astype(dtype)
            filled = fillnodata(source.astype("float32"), mask=mask.copy(), max_search_distance=distance)
            reached = (fill_marks(mask, distance) == 1).astype("uint8")
            valid = source[mask == 1]
            clipped = np.clip(filled.astype("float64"), valid.min(), valid.max())
            cast = clipped.astype(dtype) if kind.kind == "f" else np.floor(clipped + 0.5).astype(dtype)
            result = np.where(mask == 1, source, cast).astype(dtype)
            index["idw"].append(
                {
                    "name": f"{name}-{dtype}",
                    "distance": distance,
                    "source": save(source),
                    "mask": save(mask),
                    "filled": save(result),
                    "reached": save(reached),
                }
            )


def fill_marks(mask, distance):
    """1 where there is a value after filling: gaps start as -1 among ones, which no mean of ones is."""
    marks = np.where(mask == 1, 1.0, -1.0).astype("float32")
    return fillnodata(marks, mask=mask.copy(), max_search_distance=distance)


# Where one GDAL differs from another (bilinear to larger pixels after a projection, anything but near across
# the seam of a global source, sources that cross 180 degrees), none is a reference: there the kernels are
# only compared with each other.
GRIDS = {
    "half-pixel": ("EPSG:32633", [30, 0, 500015, 0, -30, 6999985], (20, 28), "EPSG:32633", [30, 0, 500000, 0, -30, 7000000], (36, 54)),
    "coarser": ("EPSG:32633", [90, 0, 500000, 0, -90, 7000000], (12, 18), "EPSG:32633", [30, 0, 500000, 0, -30, 7000000], (36, 54)),
    "polar": ("EPSG:3413", [300, 0, -40000, 0, -300, -1500000], (20, 28), "EPSG:4326", [0.02, 0, -47.2, 0, -0.01, 76.35], (25, 110)),
    "antimeridian": ("EPSG:3832", [90000, 0, 2100000, 0, -90000, 9000000], (20, 28), "EPSG:4326", [2, 0, -180, 0, -2, 90], (45, 180)),
    "antarctic": ("EPSG:3031", [300, 0, 1000000, 0, -300, 1000000], (20, 28), "EPSG:4326", [0.02, 0, 44.4, 0, -0.01, -76.9], (40, 80)),
}


def warp(rng):
    for name, (crs, affine, shape, source_crs, source_affine, source_shape) in GRIDS.items():
        y, x = np.mgrid[: source_shape[0], : source_shape[1]]
        source = (50 * np.sin(x / 5) + 40 * np.cos(y / 4) + rng.random(source_shape) * 4).astype("float32")
        source[rng.random(source_shape) < 0.05] = np.nan
        saved = save(source)
        memory = rasterio.MemoryFile()
        with memory.open(
            driver="GTiff",
            dtype="float32",
            count=1,
            height=source_shape[0],
            width=source_shape[1],
            crs=source_crs,
            transform=Affine(*source_affine),
            nodata=np.nan,
        ) as file:
            file.write(source, 1)
        file = memory.open()
        for resampling in ["nearest"] if name == "antimeridian" else ["nearest", "bilinear", "average"]:
            with WarpedVRT(
                file,
                crs=crs,
                transform=Affine(*affine),
                height=shape[0],
                width=shape[1],
                nodata=np.nan,
                resampling=Resampling[resampling],
                tolerance=1e-9,
            ) as warped:
                result = warped.read(1)
            index["warp"].append(
                {
                    "name": name,
                    "resampling": "near" if resampling == "nearest" else resampling,
                    "from": {"crs": source_crs, "affine": source_affine, "shape": list(source_shape)},
                    "to": {"crs": crs, "affine": affine, "shape": list(shape)},
                    "source": saved,
                    "warped": save(result),
                }
            )


FOLDER.mkdir(exist_ok=True)
for old in FOLDER.iterdir():
    old.unlink()
rng = np.random.default_rng(20261122)
nearest(rng)
idw(rng)
warp(rng)
(FOLDER / "arrays.bin").write_bytes(arrays)
(FOLDER / "index.json").write_text(json.dumps(index) + "\n")
