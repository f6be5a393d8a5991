"""Makes fixtures.json: the grids, coordinates, systems and regions that dataset files are held to.

    python -m venv .venv/grids && .venv/grids/bin/pip install -r test/parity/dataset-grids/requirements.txt
    .venv/grids/bin/python test/parity/dataset-grids/make-fixtures.py

Grids come from odc-geo and rasterio, coordinates of systems from pyproj, regions from pyproj and shapely:
their outlines, densified to a few metres, are projected, and no edge of them may come so close to that of a
pixel or a tile that a grid file for datums, which one PROJ has and another has not, would decide.
"""

import json
import pathlib
import random

import numpy as np
import odc.geo
import pyproj
import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.types import resxy_, xy_
from rasterio.transform import from_bounds
from shapely.geometry import Polygon, box

SEED = 43


def saved(geobox):
    x, y = (geobox.coordinates[name].values for name in geobox.dimensions[::-1])
    return {
        "shape": list(geobox.shape.yx),
        "affine": list(geobox.affine)[:6],
        "x": [float(x[0]), float(x[len(x) // 2]), float(x[-1])],
        "y": [float(y[0]), float(y[len(y) // 2]), float(y[-1])],
    }


def grids():
    rng = random.Random(SEED)
    found = []
    systems = [("EPSG:27700", 4e5, 3e5, 1000), ("EPSG:4326", 10, 50, 0.05), ("EPSG:3413", -1e5, 2e5, 700)]
    for crs, west, south, size in systems:
        for kind in ["edge", "center", "floating", "fraction", "origin"]:
            for square in [True, False]:
                rx = round(size * rng.uniform(0.1, 0.3), 6)
                ry = rx if square else round(size * rng.uniform(0.1, 0.3), 6)
                bounds = [west + size * rng.random(), south + size * rng.random()]
                bounds += [bounds[0] + size * rng.uniform(5, 9), bounds[1] + size * rng.uniform(5, 9)]
                bounds = [round(value, 5) for value in bounds]
                entry = {"crs": crs, "bounds": bounds, "resolution": rx if square else [rx, ry]}
                anchor = kind
                if kind == "fraction":
                    entry["anchor"] = [round(rng.random(), 3), round(rng.random(), 3)]
                    anchor = xy_(*entry["anchor"])
                elif kind == "origin":
                    origin = [round(west + size * rng.uniform(-50, 50), 4), round(south, 4)]
                    entry["origin"] = origin
                    anchor = xy_((origin[0] / rx) % 1, (origin[1] / ry) % 1)
                else:
                    entry["anchor"] = kind
                geobox = GeoBox.from_bbox(bounds, crs, resolution=resxy_(rx, -ry), anchor=anchor)
                found.append({"entry": entry, "exact": kind != "origin", **saved(geobox)})
        for _ in range(3):
            shape = [rng.randint(3, 90), rng.randint(3, 90)]
            a, e = size * rng.random(), -size * rng.random()
            affine = Affine(a, 0, west + size * rng.random(), 0, e, south + size * rng.random())
            entry = {"crs": crs, "transform": list(affine)[:6], "shape": shape}
            found.append({"entry": entry, "exact": True, **saved(GeoBox(shape, affine, crs))})
            bounds = [west + rng.random(), south + rng.random()]
            bounds += [bounds[0] + size * rng.random(), bounds[1] + size * rng.random()]
            affine = from_bounds(*bounds, shape[1], shape[0])
            entry = {"crs": crs, "bounds": bounds, "shape": shape}
            found.append({"entry": entry, "exact": True, **saved(GeoBox(shape, affine, crs))})
    return found


SYSTEMS = [
    ("+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84 +units=m", (21, 11)),
    ("+proj=laea +lat_0=10 +datum=WGS84 +units=us-ft +no_defs", (3, 11)),
    ("+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +datum=NAD83", (-95, 40)),
    ("+proj=lcc +lat_1=49 +lat_2=44 +lat_0=46.5 +lon_0=3 +x_0=700000 +y_0=6600000 +ellps=GRS80", (2, 47)),
    ("+proj=stere +lat_0=-90 +lat_ts=-71 +datum=WGS84", (30, -75)),
    ("+proj=utm +zone=33 +datum=WGS84", (15, 60)),
    ("+proj=utm +zone=19 +south +datum=WGS84", (-70, -30)),
    ("+proj=sinu +R=6371007.181", (40, 20)),
    ("+proj=robin", (40, 20)),
    ("+proj=moll", (40, 20)),
    ("+proj=eqearth", (40, 20)),
    ("+proj=igh", (40, 20)),
    ("+proj=geos +h=35785831 +sweep=y", (10, 20)),
    ("+proj=omerc +lat_0=4 +lonc=102 +alpha=323 +k=0.9998 +gamma=323 +ellps=WGS84", (102, 5)),
    ("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +to_meter=0.0174532925199433 +R=6371229", (18, 50)),
    ("+proj=longlat +ellps=GRS80", (18, 50)),
    ("ESRI:102001", (-95, 50)),
    ("ESRI:54030", (10, 20)),
    ("ESRI:54009", (10, 20)),
    ("urn:ogc:def:crs:ESRI::102003", (-95, 40)),
    ("IGNF:LAMB93", (3, 46)),
    ("OGC:CRS84", (3, 46)),
    ("urn:ogc:def:crs:OGC:1.3:CRS84", (3, 46)),
    ("urn:ogc:def:crs:EPSG::4326", (3, 46)),
    ("http://www.opengis.net/def/crs/EPSG/0/3035", (10, 52)),
]
AS_PROJJSON = ["EPSG:32633", "EPSG:3035", "EPSG:3413", "ESRI:102001", "+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84"]


def systems():
    found = []

    def add(given, crs, point):
        there = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        places = []
        for dx, dy in [(0, 0), (0.5, 0.25), (-0.75, 0.5)]:
            lonlat = [point[0] + dx, point[1] + dy]
            places.append({"lonlat": lonlat, "xy": list(there.transform(*lonlat))})
        found.append({"crs": given, "unit": crs.axis_info[0].unit_name, "places": places})

    for text, point in SYSTEMS:
        add(text, pyproj.CRS(text + " +type=crs" if text.startswith("+") else text), point)
    for text in AS_PROJJSON:
        crs = pyproj.CRS(text + " +type=crs" if text.startswith("+") else text)
        area = crs.area_of_use
        point = (21, 11) if area is None else ((area.west + area.east) / 2, (area.south + area.north) / 2)
        add(crs.to_json_dict(), crs, point)
    return found


# Places well inside each system's area.
REGIONS = [
    ("EPSG:27700", -1.5, 53.0),
    ("EPSG:28992", 5.6, 52.2),
    ("EPSG:2056", 8.2, 46.9),
    ("EPSG:3035", 12.5, 51.0),
    ("EPSG:3413", -40.0, 72.0),
    ("EPSG:3577", 134.0, -25.0),
    ("EPSG:5041", 20.0, 86.0),
    ("EPSG:2193", 172.5, -42.5),
]
# Metres within which different grid files for datums, or none, put a place.
MARGIN = 12
PIXEL = (400, 250)
CHUNK = 16


def densified(ring, per_edge=4000):
    points = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1]):
        t = np.arange(per_edge) / per_edge
        points.append(np.column_stack([x1 + (x2 - x1) * t, y1 + (y2 - y1) * t]))
    return np.concatenate(points)


def placed(crs, ring):
    there = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = there.transform(*densified(ring).T)
    return Polygon(np.column_stack([x, y]))


def window_of(shape, left, top, grow=0):
    west, south, east, north = shape.buffer(grow).bounds
    col, row = int((west - left) // PIXEL[0]), int((top - north) // PIXEL[1])
    right, bottom = int(-((left - east) // PIXEL[0])), int(-((south - top) // PIXEL[1]))
    return [row, col, bottom - row, right - col]


def tiles_of(shape, left, top, rows, cols, grow=0):
    grown = shape.buffer(grow)
    width, height = PIXEL[0] * CHUNK, PIXEL[1] * CHUNK
    return [
        f"{row}-{col}"
        for row in range(rows)
        for col in range(cols)
        if grown.intersection(
            box(left + col * width, top - (row + 1) * height, left + (col + 1) * width, top - row * height)
        ).area
        > 0
    ]


def regions():
    rng = random.Random(SEED)
    found = []
    for crs, lon, lat in REGIONS:
        there = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        x, y = there.transform(lon, lat)
        rows, cols = 20, 18
        left = round(x - cols * CHUNK * PIXEL[0] / 2, 1)
        top = round(y + rows * CHUNK * PIXEL[1] / 2, 1)
        transform = [PIXEL[0], 0, left, 0, -PIXEL[1], top]
        entry = {"crs": crs, "transform": transform, "shape": [rows * CHUNK, cols * CHUNK]}
        stretch = 1 / np.cos(np.radians(lat))

        def near(radius):
            return [round(lon + radius * stretch * rng.uniform(-1, 1), 4), round(lat + radius * rng.uniform(-1, 1), 4)]

        kept = []
        while len(kept) < 4:
            (w, n), (e, s) = near(0.15), near(0.15)
            w, e, s, n = min(w, e), max(w, e), min(s, n), max(s, n)
            if len(kept) < 2:
                ring, roi = [[w, s], [e, s], [e, n], [w, n]], {"bbox": [w, s, e, n]}
            else:
                ring = [near(0.2), near(0.2), near(0.2)]
                roi = {"geojson": {"type": "Polygon", "coordinates": [ring + ring[:1]]}}
            shape = placed(crs, ring)
            if not shape.is_valid or shape.area < 4e7:
                continue
            windows = {tuple(window_of(shape, left, top, grow)) for grow in (-MARGIN, 0, MARGIN)}
            tiles = {tuple(tiles_of(shape, left, top, rows, cols, grow)) for grow in (-MARGIN, 0, MARGIN)}
            if len(windows) > 1 or len(tiles) > 1:
                continue
            kept.append({**roi, "window": list(windows.pop()), "tiles": list(tiles.pop())})
        found.append({"entry": entry, "chunk": CHUNK, "regions": kept})
    return found


versions = {
    "odc-geo": odc.geo.__version__,
    "pyproj": pyproj.__version__,
    "PROJ": pyproj.proj_version_str,
    "rasterio": rasterio.__version__,
    "GDAL": rasterio.__gdal_version__,
    "shapely": shapely.__version__,
}
path = pathlib.Path(__file__).with_name("fixtures.json")
content = {"versions": versions, "grids": grids(), "systems": systems(), "regions": regions()}
path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes")
