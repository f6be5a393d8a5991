"""Makes fixtures/odc-geo.json, the numbers of odc-geo that src/grid is held to.

    python -m venv /tmp/odc && /tmp/odc/bin/pip install -r test/parity/odc/requirements.txt
    /tmp/odc/bin/python test/parity/odc/make-fixtures.py

The same versions make the same file. Affines are [a, b, c, d, e, f], shapes [height, width], windows
[row, col, height, width], bounding boxes [west, south, east, north], coordinates [x, y]. WKT is pyproj's.
"""

import json
import math
import pathlib

import numpy as np
import odc.geo
import pyproj
import shapely
from odc.geo.geobox import GeoBox, GeoboxTiles
from odc.geo.geom import BoundingBox, Geometry, polygon
from odc.geo.overlap import compute_reproject_roi
from odc.geo.types import resxy_, xy_

WGS84 = "EPSG:4326"


def saved(box):
    return {
        "crs": f"EPSG:{box.crs.epsg}",
        "shape": list(box.shape.yx),
        "affine": list(box.affine)[:6],
    }


def window(roi):
    rows, cols = roi
    return [rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start]


# Boxes over geographic, UTM, both polar stereographics, 3995, laea and across the antimeridian.
BOXES = {
    "world-degrees": ((-180, -90, 180, 90), WGS84, 0.25),
    "tctrend": ((-180, -90, 180, 90), WGS84, 0.00026949458523585647),
    "lena-degrees": ((122.3, 71.4, 130.1, 74.2), WGS84, 0.001),
    "fiji-degrees": ((176.1, -20.3, 183.7, -15.2), WGS84, 0.01),
    "wrangel-degrees": ((177.4, 70.6, 184.2, 71.9), WGS84, 0.003),
    "utm33": ((399_960, 4_890_240, 509_760, 5_000_040), "EPSG:32633", 20),
    "utm1-antimeridian": ((199_980, 7_890_220, 309_780, 8_000_020), "EPSG:32601", 60),
    "utm60-south": ((600_020, 7_890_220, 809_780, 8_000_020), "EPSG:32760", 60),
    "greenland-3413": ((-300_017, -1_500_000, 299_990, -900_000), "EPSG:3413", 500),
    "pole-3413": ((-700_000, -600_000, 650_000, 640_000), "EPSG:3413", 1000),
    "arcticdem-3413": ((-4_000_000, -3_400_000, 3_400_000, 4_100_000), "EPSG:3413", 4000),
    "ross-3031": ((-450_000, -1_450_000, 150_000, -900_000), "EPSG:3031", 250),
    "antarctica-3031": ((-2_700_000, -2_500_000, 2_800_000, 2_300_000), "EPSG:3031", 5000),
    "svalbard-3995": ((250_000, -1_400_000, 650_000, -950_000), "EPSG:3995", 300),
    "chukotka-3995": ((-400_000, 1_700_000, 300_000, 2_300_000), "EPSG:3995", 700),
    "europe-3035": ((4_000_000, 2_500_000, 4_600_000, 3_100_000), "EPSG:3035", 100),
}


DEGREES = [name for name, (_, crs, _) in BOXES.items() if crs == WGS84]


def box_of(name):
    bbox, crs, resolution = BOXES[name]
    return GeoBox.from_bbox(bbox, crs, resolution=resolution)


def from_bbox():
    anchors = ["edge", "center", "floating", [0.25, 0.75], [0, 0.5]]
    found = []

    def add(name, **options):
        bbox, crs, _ = BOXES[name]
        kw = dict(options)
        if "resolution" in kw and isinstance(kw["resolution"], list):
            kw["resolution"] = resxy_(*kw["resolution"])
        if "shape" in kw and isinstance(kw["shape"], list):
            kw["shape"] = tuple(kw["shape"])
        if "anchor" in kw and isinstance(kw["anchor"], list):
            kw["anchor"] = xy_(*kw["anchor"])
        if "tolerance" in kw:
            kw["tol"] = kw.pop("tolerance")
        box = GeoBox.from_bbox(bbox, crs, **kw)
        found.append({"box": name, "bbox": list(bbox), "crs": crs, "options": options, "geobox": saved(box)})

    for name, (_, _, resolution) in BOXES.items():
        for anchor in anchors:
            add(name, resolution=resolution, anchor=anchor)
        add(name, resolution=resolution * math.pi / 3)
        add(name, resolution=resolution * math.pi / 3, anchor="center", tolerance=0.2)
        add(name, resolution=resolution * 1.37, tolerance=0)
        add(name, resolution=[resolution * 3, -resolution * 2])
        add(name, resolution=[resolution * 3, resolution * 2], anchor="center")
        add(name, shape=[311, 517])
        add(name, shape=[311, 517], anchor="floating")
        add(name, shape=[40, 33], anchor=[0.25, 0.75])
        add(name, shape=301)
        add(name, shape=301, anchor="center")
    return found


# Where odc-geo's bounds span -180..180 and stop short of the pole: what they are with longitudes counted
# on, and with the pole.
AROUND = {"chukotka-3995": None, "ross-3031": None, "pole-3413": 90, "antarctica-3031": -90}


def around(source, made, name, kw):
    outline = shapely.geometry.shape(source.footprint(WGS84, buffer=0.9, npoints=100).json)
    points = np.asarray(outline.exterior.coords)
    lon, lat = points[:, 0] % 360, points[:, 1]
    pole = AROUND[name]
    bbox = BoundingBox(
        -180 if pole else float(lon.min()),
        -90 if pole == -90 else float(lat.min()),
        180 if pole else float(lon.max()),
        90 if pole == 90 else float(lat.max()),
        crs=WGS84,
    )
    size = {} if "shape" in kw else {"resolution": float(made.resolution.x)}
    rest = {key: value for key, value in kw.items() if key != "resolution"}
    return GeoBox.from_bbox(bbox, WGS84, **size, **rest)


def to_crs():
    found = []

    def add(name, crs, **options):
        kw = dict(options)
        if "shape" in kw and isinstance(kw["shape"], list):
            kw["shape"] = tuple(kw["shape"])
        if "tolerance" in kw:
            kw["tol"] = kw.pop("tolerance")
        source = box_of(name)
        box = source.to_crs(crs, **kw)
        case = {"box": name, "source": saved(source), "crs": crs, "options": options, "geobox": saved(box)}
        if crs == WGS84 and name in AROUND:
            case["around"] = saved(around(source, box, name, kw))
        found.append(case)

    for name, crs in [
        ("lena-degrees", "EPSG:3413"),
        ("lena-degrees", "EPSG:32652"),
        ("lena-degrees", "EPSG:3995"),
        ("fiji-degrees", "EPSG:32760"),
        ("wrangel-degrees", "EPSG:3413"),
        ("utm33", WGS84),
        ("utm33", "EPSG:3035"),
        ("utm33", "EPSG:3857"),
        ("utm1-antimeridian", WGS84),
        ("utm1-antimeridian", "EPSG:3413"),
        ("utm60-south", WGS84),
        ("greenland-3413", WGS84),
        ("greenland-3413", "EPSG:32624"),
        ("pole-3413", "EPSG:3995"),
        ("pole-3413", WGS84),
        ("ross-3031", WGS84),
        ("antarctica-3031", WGS84),
        ("svalbard-3995", WGS84),
        ("svalbard-3995", "EPSG:32633"),
        ("chukotka-3995", WGS84),
        ("chukotka-3995", "EPSG:3413"),
        ("europe-3035", WGS84),
        ("europe-3035", "EPSG:32632"),
    ]:
        add(name, crs)
        add(name, crs, resolution="fit")
        if crs != WGS84 and name not in DEGREES:
            add(name, crs, resolution="same")
        add(name, crs, shape=[200, 300])
        add(name, crs, shape=250)
        add(name, crs, resolution="fit", anchor="center", tolerance=0.1)
    add("utm33", "EPSG:3035", resolution=150)
    add("utm33", "EPSG:32633")
    add("utm33", "EPSG:32633", anchor="center")
    return found


def shapes():
    """pad, expand, zoom, flip, buffer."""
    found = []
    for name in ["lena-degrees", "utm33", "greenland-3413", "ross-3031", "fiji-degrees"]:
        box = box_of(name)
        resolution = BOXES[name][2]
        for call, made in [
            (["pad", 3], box.pad(3)),
            (["pad", 5, 2], box.pad(5, 2)),
            (["padToMultiples", 16], box.pad_wh(16)),
            (["padToMultiples", 64, 100], box.pad_wh(64, 100)),
            (["expand", {"height": 17, "width": 2000}], box.crop((17, 2000))),
            (["buffer", resolution * 2.05], box.buffered(resolution * 2.05)),
            (["buffer", resolution * 2.15, resolution * 7], box.buffered(resolution * 2.15, resolution * 7)),
            (["flipY"], box.flipy()),
            (["flipX"], box.flipx()),
            (["zoomOut", 2], box.zoom_out(2)),
            (["zoomOut", 3.3], box.zoom_out(3.3)),
            (["zoomOut", 0.5], box.zoom_out(0.5)),
            (["zoomTo", {"shape": 100}], box.zoom_to(100)),
            (["zoomTo", {"shape": {"height": 100, "width": 70}}], box.zoom_to((100, 70))),
            (["zoomTo", {"resolution": resolution * 2.7}], box.zoom_to(resolution=resolution * 2.7)),
            (
                ["crop", {"row": 7, "col": 11, "height": 30, "width": 41}],
                box[7:37, 11:52],
            ),
        ]:
            found.append({"source": saved(box), "call": call, "geobox": saved(made)})
    return found


def coordinates():
    found = []
    for name in BOXES:
        box = box_of(name)
        ys, xs = (c.values for c in box.coordinates.values())
        picked = [0, 1, 2, len(xs) // 3, len(xs) - 1], [0, 1, 2, len(ys) // 3, len(ys) - 1]
        found.append(
            {
                "geobox": saved(box),
                "x": [[i, float(xs[i])] for i in picked[0]],
                "y": [[i, float(ys[i])] for i in picked[1]],
            }
        )
    return found


def extents():
    found = []
    for name in BOXES:
        box = box_of(name)
        # Geographic boxes come as they are; the others need the option to be cut at the antimeridian.
        extent = box.footprint(WGS84, npoints=2000, wrapdateline=True)
        shape = shapely.geometry.shape(extent.json)
        parts = list(shape.geoms) if shape.geom_type == "MultiPolygon" else [shape]
        found.append(
            {
                "box": name,
                "geobox": saved(box),
                "valid": bool(shape.is_valid),
                "area": float(shape.area),
                "parts": sorted([list(part.bounds) for part in parts]),
            }
        )
    return found


def star(centre, radius, points, hole):
    """A star with a hole, in the units of its CRS."""
    cx, cy = centre

    def ring(scale, n):
        angles = np.linspace(0, 2 * math.pi, 2 * n, endpoint=False)
        lengths = np.where(np.arange(2 * n) % 2 == 0, 1.0, 0.45) * radius * scale
        outline = [
            [float(cx + r * math.cos(a)), float(cy + r * math.sin(a))] for a, r in zip(angles, lengths)
        ]
        return outline + outline[:1]

    rings = [ring(1.0, points)]
    if hole:
        rings.append(ring(hole, points))
    return {"type": "Polygon", "coordinates": rings}


def tiles():
    found = []

    def add(name, tile_shape, geometry, crs, densify=None):
        box = box_of(name)
        tiled = GeoboxTiles(box, tuple(tile_shape))
        query = Geometry(geometry, crs)
        if densify is not None:
            query = query.segmented(densify)
        own = query if str(query.crs) == str(box.crs) else query.to_crs(box.crs)
        touched, unsure = [], []
        for row, col in tiled.tiles(query):
            tile = tiled[row, col]
            area = (own & tile.extent).area / tile.extent.area if own.geom_type.endswith("Polygon") else 1
            # odc-geo also counts a tile that only shares an edge.
            (touched if area > 1e-9 else unsure).append([row, col])
        found.append(
            {
                "geobox": saved(box),
                "tile": list(tile_shape),
                "shape": list(tiled.shape.yx),
                "chunks": [list(map(int, chunks)) for chunks in tiled.chunks],
                "geometry": geometry,
                "crs": crs,
                "touched": touched,
                "onlyByEdge": unsure,
            }
        )

    add("lena-degrees", [256, 256], star((126, 72.8), 1.3, 7, 0.4), WGS84)
    add("lena-degrees", [100, 333], star((126, 72.8), 3.9, 5, 0), WGS84)
    add("utm33", [512, 512], star((450_000, 4_950_000), 60_000, 9, 0.5), "EPSG:32633")
    add("utm33", [300, 300], star((14.3, 44.6), 0.6, 6, 0.5), WGS84, densify=0.002)
    add("greenland-3413", [128, 128], star((-45, 79), 2.1, 8, 0.5), WGS84, densify=0.005)
    add("pole-3413", [100, 100], star((0, 0), 500_000, 6, 0.5), "EPSG:3413")
    add("pole-3413", [100, 100], star((30_000, -20_000), 500_000, 6, 0.5), "EPSG:3995", densify=500)
    add("ross-3031", [256, 256], star((-175, -77.2), 1.0, 5, 0.4), WGS84, densify=0.005)
    add("svalbard-3995", [200, 200], star((550_000, 8_700_000), 150_000, 5, 0.5), "EPSG:32633", densify=200)
    add("antarctica-3031", [64, 64], star((0, 0), 2_300_000, 11, 0.6), "EPSG:3031")
    add(
        "world-degrees",
        [100, 90],
        star((-500_000, -1_500_000), 700_000, 5, 0.4),
        "EPSG:3413",
        densify=1000,
    )
    # Along edges of tiles: 256 pixels of 500 m from the corner at (-300500, -900000).
    corner = box_of("greenland-3413").affine * (256, 256)
    far = box_of("greenland-3413").affine * (512, 768)
    add(
        "greenland-3413",
        [256, 256],
        {
            "type": "Polygon",
            "coordinates": [
                [
                    [corner[0], corner[1]],
                    [far[0], corner[1]],
                    [far[0], far[1]],
                    [corner[0], far[1]],
                    [corner[0], corner[1]],
                ]
            ],
        },
        "EPSG:3413",
    )
    return found


def overlaps():
    found = []

    def add(source, destination, **options):
        kw = {"padding": options["padding"]} if "padding" in options else {}
        info = compute_reproject_roi(source, destination, **kw)
        found.append(
            {
                "source": saved(source),
                "destination": saved(destination),
                "options": options,
                "sourceWindow": window(info.roi_src),
                "destinationWindow": window(info.roi_dst),
                "isPaste": bool(info.paste_ok),
                "shrink": int(info.read_shrink),
                "scale": float(info.scale),
                "scaleXY": [float(v) for v in info.scale2.xy],
            }
        )

    utm = box_of("utm33")
    add(utm, utm)
    add(utm, utm[100:900, 2000:5000])
    add(utm[100:900, 2000:5000], utm)
    add(utm, utm.pad(7))
    add(utm, utm.translate_pix(1000.02, -700.03))
    add(utm, utm.translate_pix(1000.4, -700.3))
    add(utm, utm.translate_pix(7000, 0))
    add(utm, utm.zoom_out(2))
    add(utm, utm.zoom_out(3))
    add(utm, utm.zoom_out(2.5))
    add(utm, utm.zoom_out(0.5))
    add(utm, utm.zoom_out(4).translate_pix(33, 21))
    add(utm, utm.flipy())
    add(utm, utm.pad(7), padding=3)
    lena = box_of("lena-degrees")
    add(lena, lena.zoom_out(2).pad(4))
    greenland, ross = box_of("greenland-3413"), box_of("ross-3031")
    world = box_of("world-degrees")
    for source, destination in [
        (utm, box_of("europe-3035")),
        (box_of("europe-3035"), utm),
        (utm, utm.to_crs(WGS84)),
        (utm.to_crs(WGS84), utm),
        (lena, lena.to_crs("EPSG:3413")),
        (lena, lena.to_crs("EPSG:32652")[1000:1400, 500:1100]),
        (world, utm),
        (world, lena),
        (world, greenland),
        (greenland, greenland.to_crs(WGS84)),
        (world, ross),
        (world, box_of("utm1-antimeridian")),
        (world, box_of("pole-3413")),
        (box_of("pole-3413"), box_of("chukotka-3995")),
        (box_of("pole-3413"), box_of("pole-3413").to_crs("EPSG:3995")),
        (box_of("wrangel-degrees"), box_of("wrangel-degrees").to_crs("EPSG:3413")),
    ]:
        add(source, destination)
    add(world, lena, padding=0)
    add(world, greenland, padding=4)
    return found


def enclosing():
    found = []
    for name, bbox, crs in [
        ("utm33", (14.1, 44.3, 15.2, 45.9), WGS84),
        ("utm33", (300_011, 4_990_003, 420_005, 5_200_017), "EPSG:32633"),
        ("greenland-3413", (-60, 78, -40, 80), WGS84),
        ("lena-degrees", (100, 70, 140, 75), WGS84),
    ]:
        box = box_of(name)
        region = BoundingBox(*bbox, crs=crs)
        if crs != f"EPSG:{box.crs.epsg}":
            region = region.polygon.segmented(0.01).to_crs(box.crs)
        found.append(
            {"source": saved(box), "bbox": list(bbox), "crs": crs, "geobox": saved(box.enclosing(region))}
        )
    return found


PROJ_STRINGS = [
    "+proj=longlat +datum=WGS84 +no_defs",
    "+proj=longlat +ellps=GRS80 +no_defs",
    "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs",
    "+proj=utm +zone=19 +south +datum=WGS84 +units=m +no_defs",
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996 +x_0=400000 +y_0=-100000 +ellps=airy +units=m +no_defs",
    "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m +no_defs",
    "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +ellps=GRS80 +units=m +no_defs",
    "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 +ellps=GRS80 +units=m +no_defs",
    "+proj=merc +lon_0=150 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs",
    "+proj=eqc +lat_ts=0 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
]


def crs():
    found = []
    for text in PROJ_STRINGS:
        made = pyproj.CRS.from_proj4(text)
        there = pyproj.Transformer.from_crs(made.geodetic_crs, made, always_xy=True)
        area = {"stere": (100.5, 78.25 if "+lat_0=90" in text else -78.25)}
        lon, lat = area.get(text.split()[0].split("=")[1], (12.5, 47.25))
        if "utm +zone=19" in text:
            lon, lat = -68.5, -33.25
        found.append(
            {
                "proj": text,
                "wkt1": made.to_wkt("WKT1_GDAL"),
                "point": [lon, lat],
                "projected": [float(v) for v in there.transform(lon, lat)],
            }
        )
    wkts = []
    for code, point in [
        (4326, [12.5, 47.25]),
        (3413, [-30.5, 78.25]),
        (3031, [166.5, -77.75]),
        (3995, [20.25, 80.5]),
        (32633, [14.5, 44.75]),
        (32733, [14.5, -33.25]),
        (3035, [11.5, 50.25]),
        (5070, [-96.5, 38.25]),
        (3857, [-122.5, 37.75]),
        (2154, [3.5, 46.75]),
        (6933, [24.5, -33.25]),
        (2193, [173.5, -41.25]),
        (27700, [-2.5, 53.25]),
        (4258, [12.5, 47.25]),
    ]:
        made = pyproj.CRS.from_epsg(code)
        there = pyproj.Transformer.from_crs(made.geodetic_crs, made, always_xy=True)
        for version in ["WKT1_GDAL", "WKT2_2015", "WKT2_2019"]:
            wkts.append(
                {
                    "epsg": code,
                    "version": version,
                    "wkt": made.to_wkt(version),
                    "point": point,
                    "projected": [float(v) for v in there.transform(*point)],
                }
            )
    return {"proj": found, "wkt": wkts}


fixtures = {
    "versions": {
        "odc-geo": odc.geo.__version__,
        "pyproj": pyproj.__version__,
        "proj": pyproj.proj_version_str,
        "shapely": shapely.__version__,
        "geos": shapely.geos_version_string,
        "numpy": np.__version__,
    },
    "fromBbox": from_bbox(),
    "toCrs": to_crs(),
    "shapes": shapes(),
    "coordinates": coordinates(),
    "extents": extents(),
    "tiles": tiles(),
    "overlaps": overlaps(),
    "enclosing": enclosing(),
    "crs": crs(),
}
path = pathlib.Path(__file__).parent / "fixtures" / "odc-geo.json"
path.write_text(json.dumps(fixtures, indent=None, separators=(",", ":")).replace("},{", "},\n{") + "\n")
