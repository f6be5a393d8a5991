"""smart-geocubes itself, with Xee and Google's client, on an Earth Engine of this machine:

    seed.py create|fill|keep JOB

JOB is JSON: title (a class of `smart_geocubes.datasets.tctrend`), bounds, resolution and chunk of its grid,
store, server. `create` makes an empty cube, `fill` fetches all of it, `keep` writes the cube's pixels and, for
each tile by itself, where the collection clipped to it has values: raw uint8 [band, y, x].
"""

import json
import sys
import warnings

import ee
from google.oauth2.credentials import Credentials
from odc.geo.geobox import GeoBox
from smart_geocubes.datasets import tctrend

action, job = sys.argv[1:]
job = json.loads(job)
ee.Initialize(credentials=Credentials("loopback"), url=job["server"], project="bench")
extent = GeoBox.from_bbox(job["bounds"], "epsg:4326", resolution=job["resolution"])
base = getattr(tctrend, job["title"])
Grid = type(job["title"], (base,), {"extent": extent, "chunk_size": job["chunk"]})
# Its own default, where it supports that, fetches four tiles at a time.
cube = Grid(job["store"], backend="threaded" if sys.version_info >= (3, 13) else "simple")


ROWS = 1024


def computed(image, affine, shape):
    a, b, c, d, e, f = affine
    grid = {
        **{"crsCode": "EPSG:4326", "dimensions": {"width": shape[1], "height": shape[0]}},
        "affineTransform": {
            **{"scaleX": a, "shearX": b, "translateX": c},
            **{"shearY": d, "scaleY": e, "translateY": f},
        },
    }
    return ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})


def keep():
    import numpy as np

    pixels = cube.open_xarray()
    np.stack([pixels[name].values for name in cube.channels]).tofile(job["pixels"])
    valid = np.zeros((len(cube.channels), *extent.shape), "u1")
    size = job["chunk"]
    for row, col in cube._extent_tiles._all_tiles():
        tile = cube._extent_tiles[row, col]
        box = ee.Geometry.Rectangle(list(tile.geographic_extent.boundingbox))
        image = ee.ImageCollection(cube.collection).mosaic().clip(box)
        # A request has a limit of bytes.
        for start in range(0, tile.shape[0], ROWS):
            part = tile[start : min(start + ROWS, tile.shape[0]), :]
            mask = computed(image.mask().gt(0).toUint8(), part.affine[:6], part.shape)
            top, left = row * size + start, col * size
            window = (slice(top, top + part.shape[0]), slice(left, left + part.shape[1]))
            for band, name in enumerate(mask.dtype.names):
                valid[band][window] = mask[name]
    valid.tofile(job["valid"])


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    if action == "create":
        cube.create()
    elif action == "fill":
        cube.procedural_download(extent.pad(-1), None)
    else:
        keep()
