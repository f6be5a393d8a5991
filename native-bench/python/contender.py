"""The original's processing, and reading a cube, as a process that answers lines of JSON.

Run by native-bench/run.mjs with the packages of requirements.txt. Behaviour of smart_geocubes'
GEEAccessor.download_tile after the download: per band, remember the observed range, fill the gaps
by rioxarray's interpolate_na (nearest, by scipy's griddata), clip, cast to uint8 by truncation; then
what zarr does with it: Blosc, zstd, bitshuffle for one-byte types.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import time

import numcodecs
import numcodecs.blosc
import numpy as np
import rioxarray  # noqa: F401
import xarray as xr

PACKAGES = [
    *["dask", "icechunk", "numcodecs", "numpy", "odc-geo", "rasterio", "rioxarray", "scipy"],
    *["tensorstore", "xarray", "zarr", "zarrs"],
]


def versions():
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "blosc threads": str(numcodecs.blosc.get_nthreads()),
    }


def ready():
    return versions()


def milliseconds():
    return time.perf_counter() * 1000


def tile(bands, shape, resolution, clevel, keep=None):
    """Bands are raw float32 files, NaN where masked: what xee hands to the original."""
    height, width = shape
    y = (height - np.arange(height) - 0.5) * resolution
    x = (np.arange(width) + 0.5) * resolution
    data = xr.Dataset(
        {
            str(i): xr.DataArray(np.fromfile(path, "<f4").reshape(shape), dims=("y", "x"))
            for i, path in enumerate(bands)
        },
        coords={"y": y, "x": x},
    ).rio.write_crs("EPSG:4326")
    compressor = numcodecs.Blosc(cname="zstd", clevel=clevel, shuffle=numcodecs.Blosc.BITSHUFFLE)
    stages = {"clip": 0.0, "fill": 0.0, "encode": 0.0}
    marks = [milliseconds()]

    def lap(stage):
        marks.append(milliseconds())
        stages[stage] += marks[-1] - marks[-2]

    limits = {name: (data[name].min().item(), data[name].max().item()) for name in data.data_vars}
    lap("clip")
    data.rio.set_spatial_dims(x_dim="x", y_dim="y", inplace=True)
    for name in data.data_vars:
        data[name] = data[name].rio.write_nodata(np.nan).rio.interpolate_na(method="nearest")
    lap("fill")
    for name, (low, high) in limits.items():
        data[name] = data[name].clip(low, high, keep_attrs=True).astype("uint8").rio.write_nodata(None)
    lap("clip")
    frames = [compressor.encode(np.ascontiguousarray(data[name].values)) for name in limits]
    lap("encode")
    if keep is not None:
        for i, frame in enumerate(frames):
            with open(f"{keep}-{i}", "wb") as file:
                file.write(frame)
    return {
        "ms": marks[-1] - marks[0],
        "stages": stages,
        "bytes": sum(len(frame) for frame in frames),
    }


def encode(path, dtype, shape, codec, keep=None):
    array = np.fromfile(path, np.dtype(dtype)).reshape(shape)
    if codec["name"] == "blosc":
        shuffle = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}[codec["shuffle"]]
        encoder = numcodecs.Blosc(cname=codec["cname"], clevel=codec["clevel"], shuffle=shuffle)
    else:
        encoder = numcodecs.GZip(level=codec["level"])
    started = milliseconds()
    frame = encoder.encode(array)
    ms = milliseconds() - started
    if keep is not None:
        with open(f"{keep}-0", "wb") as file:
            file.write(frame)
    return {"ms": ms, "bytes": len(frame)}


def load(store, names, reader="xarray", digest=False):
    """Each reader opens the cube and reads all bands; what it imports is there before."""
    read = READERS[reader]()
    started = milliseconds()
    arrays = read(store, names)
    ms = milliseconds() - started
    result = {"ms": ms, "bytes": sum(array.nbytes for array in arrays)}
    if digest:
        result["digests"] = [hashlib.sha256(np.ascontiguousarray(array)).hexdigest() for array in arrays]
    return result


def with_xarray():
    import icechunk

    def read(store, names):
        repository = icechunk.Repository.open(icechunk.local_filesystem_storage(store))
        session = repository.readonly_session("main")
        data = xr.open_zarr(session.store, mask_and_scale=False, chunks=None, consolidated=False)
        data = data[names].load()
        return [data[name].values for name in names]

    return read


def with_tensorstore():
    import tensorstore

    def read(store, names):
        def opened(name):
            spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{store}/{name}/"}}
            return tensorstore.open(spec, open=True, read=True)

        arrays = [future.result() for future in [opened(name) for name in names]]
        return [future.result() for future in [array.read() for array in arrays]]

    return read


def with_zarrs():
    import zarr
    import zarrs  # noqa: F401

    zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})

    def read(store, names):
        cube = zarr.open_group(store, mode="r")
        return [cube[name][:] for name in names]

    return read


READERS = {"xarray": with_xarray, "tensorstore": with_tensorstore, "zarrs": with_zarrs}
ACTIONS = {"ready": ready, "tile": tile, "encode": encode, "load": load}


def main():
    # Only answers may go to the pipe; what libraries print goes where errors go.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        message = json.loads(line)
        try:
            reply = {"value": ACTIONS[message["action"]](**message["task"])}
        except Exception as error:  # noqa: BLE001
            reply = {"error": f"{type(error).__name__}: {error}"}
        pipe.write(json.dumps(reply) + "\n")
        pipe.flush()


main()
