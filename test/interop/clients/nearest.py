"""Which pixel of a grid lies under the centres of another: by pyproj and numpy alone."""

import numpy as np
from affine import Affine
from make_scenes import CRS, SHAPE, TRANSFORM
from pyproj import Transformer


def centres(transform, shape):
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]]
    return Affine(*transform[:6]) @ (cols + 0.5, rows + 0.5)


def sample(pixels, crs, transform, shape):
    """`pixels` [..., y, x] on the scenes' grid, at the centres of another grid; masked outside."""
    x, y = Transformer.from_crs(crs, CRS, always_xy=True).transform(*centres(transform, shape))
    cols, rows = (np.floor(value).astype(int) for value in ~TRANSFORM @ (x, y))
    inside = (cols >= 0) & (cols < SHAPE[1]) & (rows >= 0) & (rows < SHAPE[0])
    out = pixels[..., np.clip(rows, 0, SHAPE[0] - 1), np.clip(cols, 0, SHAPE[1] - 1)]
    return np.ma.array(out.data, mask=np.ma.getmaskarray(out) | ~inside)


def grid_of(crs, transform, shape):
    a, b, c, d, e, f = transform[:6]
    return {
        "dimensions": {"width": shape[1], "height": shape[0]},
        "affineTransform": {
            "scaleX": a, "shearX": b, "translateX": c, "shearY": d, "scaleY": e, "translateY": f,
        },
        "crsCode": crs,
    }  # fmt: skip
