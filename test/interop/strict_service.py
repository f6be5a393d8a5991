"""An Earth Engine of another hand: strict where the real one is known to be, written from the public REST
reference and from what users and clients report of it, without a look at this project's own server.

    python strict_service.py --token TOKEN --project PROJECT [--deviate NAME,...]

Prints its address as JSON, and serves until its standard input is closed. Replies with pixels are tiled,
deflated GeoTIFFs georeferenced by a matrix, with a nodata tag, or NPYs; chunked, and gzipped where that is
asked for. Pixels are computed with numpy at the centres of the pixels asked for.
"""

import argparse
import datetime
import gzip
import io
import json
import re
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import tifffile
from pyproj import CRS, Transformer

MAX_BYTES = 50331648
MAX_SIDE = 32768
TCTREND = re.compile(r"^(users/ingmarnitze|projects/ee-ingmarnitze/assets)/TCTrend_SR_\d+-\d+_TCVIS$")
EMBEDDING = "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"

#: Ways to differ from what is expected of the service, each of which a check must see.
DEVIATIONS = {
    "wrapped-longitude": "counts longitudes west of -180 on the other side",
    "shifted-grid": "answers a grid half a pixel off",
    "masked-values": "writes 99 for masked pixels",
    "no-nodata-tag": "writes no nodata tag",
    "casts-lose-masks": "masks end at casts",
    "no-mask-bytes": "counts no bytes of masks",
    "too-large-413": "refuses large requests with 413 and other words",
    "zstd": "compresses with Zstandard",
    "octet-stream": "calls pixels application/octet-stream",
    "unasked-gzip": "encodes whatever it sends",
    "missing-function": "has no Image.unmask in its list",
    "embedding-double": "has embeddings that do not fit float32",
    "empty-mosaic-500": "fails inside on a mosaic of nothing",
    "collection-forbidden": "lets nobody read about a collection",
    "point-pixels": "georeferences pixels as points",
}


class Refusal(Exception):
    def __init__(self, message, code=400, status="INVALID_ARGUMENT", details=()):
        super().__init__(message)
        self.body = {"error": {"code": code, "message": message, "status": status}}
        if details:
            self.body["error"]["details"] = list(details)
        self.code = code


def invalid(description, field=""):
    """As Google's JSON parser says it, with the violation among the details."""
    violation = {"description": description, **({"field": field} if field else {})}
    return Refusal(
        description,
        details=[
            {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
        ],
    )


# ---- the body of a request, checked as its proto would be -----------------------------------------------


def message(value, path, fields, oneofs=()):
    """Checks an object against `fields` (name to checker); unknown names are refused."""
    if not isinstance(value, dict):
        raise invalid(f"Invalid value at '{path or 'root'}'", path)
    where = f" at '{path}'" if path else ""
    for name, each in value.items():
        if name not in fields:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.', path
            )
        fields[name](each, f"{path}.{name}" if path else name)
    for oneof, names in oneofs:
        given = [name for name in value if name in names]
        if len(given) > 1:
            raise invalid(
                f"Invalid value at '{path}' (oneof), oneof field '{oneof}' is already set. Cannot set '{given[1]}'",
                path,
            )


def string(value, path):
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{path}' (TYPE_STRING), {json.dumps(value)}", path)


def int32(value, path):
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise invalid(f"Invalid value at '{path}' (TYPE_INT32), {json.dumps(value)}", path)


def double(value, path):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(f"Invalid value at '{path}' (TYPE_DOUBLE), {json.dumps(value)}", path)


def boolean(value, path):
    if not isinstance(value, bool):
        raise invalid(f"Invalid value at '{path}' (TYPE_BOOL), {json.dumps(value)}", path)


def anything(value, path):
    pass


def repeated(check):
    def each(values, path):
        if not isinstance(values, list):
            raise invalid(f"Invalid value at '{path}'", path)
        for i, value in enumerate(values):
            check(value, f"{path}[{i}]")

    return each


def mapping(check):
    def each(values, path):
        if not isinstance(values, dict):
            raise invalid(f"Invalid value at '{path}'", path)
        for key, value in values.items():
            check(value, f"{path}[{key}]")

    return each


def enum(*names):
    def each(value, path):
        if value not in names:
            raise invalid(f"Invalid value at '{path}' (type.googleapis.com), {json.dumps(value)}", path)

    return each


def dimensions(value, path):
    message(value, path, {"width": int32, "height": int32})


def affine(value, path):
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    message(value, path, {name: double for name in names})


def grid(value, path):
    message(
        value,
        path,
        {"dimensions": dimensions, "affineTransform": affine, "crsCode": string, "crsWkt": string},
        [("crs", ("crsCode", "crsWkt"))],
    )


def value_node(value, path):
    names = {
        "constantValue": anything,
        "integerValue": string,
        "bytesValue": string,
        "arrayValue": lambda v, p: message(v, p, {"values": repeated(value_node)}),
        "dictionaryValue": lambda v, p: message(v, p, {"values": mapping(value_node)}),
        "functionDefinitionValue": lambda v, p: message(
            v, p, {"argumentNames": repeated(string), "body": string}
        ),
        "functionInvocationValue": lambda v, p: message(
            v,
            p,
            {"functionName": string, "functionReference": string, "arguments": mapping(value_node)},
            [("function", ("functionName", "functionReference"))],
        ),
        "argumentReference": string,
        "valueReference": string,
    }
    message(value, path, names, [("value", tuple(names))])
    if len(value) != 1:
        raise invalid(f"Invalid value at '{path}': no value is set", path)


def expression(value, path):
    message(value, path, {"result": string, "values": mapping(value_node)})


FORMATS = (
    "IMAGE_FILE_FORMAT_UNSPECIFIED JPEG PNG AUTO_JPEG_PNG NPY GEO_TIFF TF_RECORD_IMAGE "
    "MULTI_BAND_IMAGE_TILE ZIPPED_GEO_TIFF ZIPPED_GEO_TIFF_PER_BAND"
).split()

COMPUTE_PIXELS = {
    "expression": expression,
    "fileFormat": enum(*FORMATS),
    "grid": grid,
    "bandIds": repeated(string),
    "visualizationOptions": anything,
    "workloadTag": string,
}


# ---- images: bands of functions of longitude and latitude -----------------------------------------------


class Band:
    """`sample(lon, lat)` gives float64 values and a mask (True: valid)."""

    def __init__(self, name, dtype, sample):
        self.name, self.dtype, self.sample = name, dtype, sample


class Image:
    def __init__(self, bands, start=None):
        self.bands, self.start = bands, start


class Collection:
    def __init__(self, images):
        self.images = images


def tctrend_band(index):
    name = f"TC{'BGW'[index]}_slope"

    def sample(lon, lat):
        return tctrend_values(lon, lat, index), tctrend_mask(lon, lat)

    return Band(name, "uint8", sample)


def tctrend_values(lon, lat, index):
    """What the tests compute too: all of 0..255, no two neighbours alike."""
    return np.mod(np.floor(lon * 4000) * 7 + np.floor(lat * 4000) * 13 + index * 85, 256)


def tctrend_mask(lon, lat):
    """Land is a chessboard of half degrees with a hole now and then; the Pacific is outside of all footprints."""
    ocean = (lon > -170) & (lon < -130) & (lat < 50)
    hole = np.mod(np.floor(lon * 4000) + np.floor(lat * 4000), 11) == 0
    return ~ocean & ~hole


def embedding(year, deviates):
    def band(index):
        def sample(lon, lat):
            code = np.mod(np.floor(lon * 1e4) + np.floor(lat * 1e4) * 3 + index + year, 255) - 127
            values = code / (127 if deviates else 128)
            ocean = (lon > -170) & (lon < -130) & (lat < 50)
            return values, ~ocean

        return Band(f"A{index:02d}", "float64", sample)

    start = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000
    return Image([band(i) for i in range(64)], start)


INTEGERS = ["uint8", "int16", "uint16", "int32", "uint32"]


def wider(one, other):
    """The type that holds both."""
    if one == other:
        return one
    kinds = np.promote_types(one, other)
    return "float64" if kinds == np.int64 or kinds == np.float64 else str(kinds)


def of_constant(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refusal("Image.constant: Parameter 'value' is required and may not be null.")
    dtype = "float64" if isinstance(value, float) and not value.is_integer() else "int32"
    if dtype == "int32" and 0 <= value <= 255:
        dtype = "uint8"
    if dtype == "int32" and not -(2**31) <= value < 2**31:
        dtype = "float64"
    return Image(
        [
            Band(
                "constant",
                dtype,
                lambda lon, lat: (np.full(lon.shape, float(value)), np.ones(lon.shape, bool)),
            )
        ]
    )


def cast(dtype, deviates):
    def apply(value):
        def band(each):
            def sample(lon, lat):
                values, mask = each.sample(lon, lat)
                if dtype in INTEGERS:
                    info = np.iinfo(dtype)
                    values = np.clip(np.trunc(values), info.min, info.max)
                elif dtype == "float32":
                    values = values.astype("float32").astype("float64")
                return values, np.ones_like(mask) if deviates else mask

            return Band(each.name, dtype, sample)

        return Image([band(each) for each in value.bands], value.start)

    return apply


def pairs(one, other, name):
    if len(other.bands) == 1:
        return [(band, other.bands[0]) for band in one.bands]
    if len(one.bands) != len(other.bands):
        raise Refusal(
            f"{name}: Images must have the same number of bands, found {len(one.bands)} and {len(other.bands)}."
        )
    return list(zip(one.bands, other.bands))


def arithmetic(name, function, dtype_of):
    def apply(image1, image2):
        def band(a, b):
            def sample(lon, lat):
                (x, valid_x), (y, valid_y) = a.sample(lon, lat), b.sample(lon, lat)
                return function(x, y), valid_x & valid_y

            return Band(a.name, dtype_of(a.dtype, b.dtype), sample)

        return Image([band(a, b) for a, b in pairs(image1, image2, name)], image1.start)

    return apply


def mask(image, mask=None):
    if mask is not None:
        return update_mask(image, mask)

    def band(each):
        return Band(
            each.name,
            "float32",
            lambda lon, lat: (each.sample(lon, lat)[1].astype(float), each.sample(lon, lat)[1]),
        )

    return Image([band(each) for each in image.bands], image.start)


def update_mask(image, mask):
    def band(each, by):
        def sample(lon, lat):
            values, valid = each.sample(lon, lat)
            weights, known = by.sample(lon, lat)
            return values, valid & known & (weights > 0)

        return Band(each.name, each.dtype, sample)

    return Image([band(a, b) for a, b in pairs(image, mask, "Image.updateMask")], image.start)


def unmask(input, value=None, sameFootprint=True):
    """These images have no footprint beside their masks; without `sameFootprint: false` nothing is filled outside."""
    value = of_constant(0) if value is None else value

    def band(each, by):
        def sample(lon, lat):
            values, valid = each.sample(lon, lat)
            others, known = by.sample(lon, lat)
            ocean = (lon > -170) & (lon < -130) & (lat < 50)
            fill = ~valid & known & (~ocean if sameFootprint else True)
            return np.where(fill, others, values), valid | fill

        return Band(each.name, wider(each.dtype, by.dtype), sample)

    return Image([band(a, b) for a, b in pairs(input, value, "Image.unmask")], input.start)


def select(input, bandSelectors, newNames=None):
    if not isinstance(bandSelectors, list):
        raise Refusal("Image.select: Parameter 'bandSelectors' must be a list.")
    if not input.bands and bandSelectors:
        raise Refusal(
            f"Image.select: Band pattern '{bandSelectors[0]}' was applied to an Image with no bands."
        )
    found = []
    for selector in bandSelectors:
        matches = [band for band in input.bands if band.name == selector]
        if not matches:
            names = ", ".join(band.name for band in input.bands)
            raise Refusal(
                f"Image.select: Band pattern '{selector}' did not match any bands. Available bands: [{names}]"
            )
        found += matches
    if newNames is not None:
        found = [Band(name, band.dtype, band.sample) for name, band in zip(newNames, found)]
    return Image(found, input.start)


def rename(input, names):
    if len(names) != len(input.bands):
        raise Refusal(
            f"Image.rename: The number of names ({len(names)}) must match the number of bands ({len(input.bands)})."
        )
    return Image([Band(name, b.dtype, b.sample) for name, b in zip(names, input.bands)], input.start)


def add_bands(dstImg, srcImg, names=None, overwrite=False):
    added = []
    taken = {band.name for band in dstImg.bands}
    for band in srcImg.bands:
        name = band.name
        while name in taken:
            name += "_1"
        taken.add(name)
        added.append(Band(name, band.dtype, band.sample))
    return Image(dstImg.bands + added, dstImg.start)


def pixel_lon_lat(deviates):
    def sample(lon, lat):
        return (np.where(lon < -179.9, lon + 360, lon) if deviates else lon), np.ones(lon.shape, bool)

    return Image(
        [
            Band("longitude", "float64", sample),
            Band("latitude", "float64", lambda lon, lat: (lat, np.ones(lat.shape, bool))),
        ]
    )


def filtered(collection, filter):
    return Collection([image for image in collection.images if filter(image)])


def date_range_contains(leftValue=None, rightField=None, rightValue=None, leftField=None):
    if rightField != "system:time_start" or not isinstance(leftValue, tuple):
        raise Refusal("Filter.dateRangeContains: a DateRange and system:time_start are expected.")
    start, end = leftValue
    return lambda image: image.start is not None and start <= image.start < end


def date_range(start, end=None, timeZone=None):
    if isinstance(start, bool) or not isinstance(start, (int, float)):
        raise Refusal(f"DateRange: Parameter 'start' must be milliseconds, not {json.dumps(start)}.")
    return (start, start + 1 if end is None else end)


def mosaic(collection):
    """The last image is on top; the collections here have images that cover each other fully."""
    return Image(collection.images[-1].bands if collection.images else [])


def typed(arguments):
    """Types by name of arguments such as `id: String`."""
    return dict(each.split(": ") for each in arguments)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def type_of(value):
    """As messages name it."""
    if isinstance(value, bool):
        return "Boolean"
    names = {
        str: "String",
        int: "Integer",
        float: "Float",
        list: "List",
        dict: "Dictionary",
        tuple: "DateRange",
        Image: "Image",
        Collection: "ImageCollection",
    }
    return names.get(type(value), "Filter")


#: What each type of an argument takes: nothing is made of something else here, which clients do themselves.
ACCEPTS = {
    "Object": lambda value: True,
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Long": lambda value: is_number(value) and value == int(value),
    "List": lambda value: isinstance(value, list),
    "List<String>": lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
    "Image": lambda value: isinstance(value, Image),
    "ImageCollection": lambda value: isinstance(value, Collection),
    "FeatureCollection": lambda value: isinstance(value, Collection),
    "Filter": callable,
}


class Service:
    """The functions, by their published names and arguments, and the assets."""

    def __init__(self, deviations):
        self.deviations = deviations
        keeps = "casts-lose-masks" in deviations

        def of(dtype):
            return (cast(dtype, keeps), ["value: Image"], [])

        def binary(name, function, dtype_of=wider):
            return (arithmetic(name, function, dtype_of), ["image1: Image", "image2: Image"], [])

        def byte(*_):
            return "uint8"

        functions = {
            "Image.constant": (of_constant, ["value: Object"], []),
            "Image.load": (self.image, ["id: String"], ["version: Long"]),
            "Image.select": (
                select,
                ["input: Image", "bandSelectors: List"],
                ["newNames: List<String>"],
            ),
            "Image.rename": (rename, ["input: Image", "names: List<String>"], []),
            "Image.addBands": (
                add_bands,
                ["dstImg: Image", "srcImg: Image"],
                ["names: List<String>", "overwrite: Boolean"],
            ),
            "Image.mask": (mask, ["image: Image"], ["mask: Image"]),
            "Image.updateMask": (update_mask, ["image: Image", "mask: Image"], []),
            "Image.unmask": (unmask, ["input: Image"], ["value: Image", "sameFootprint: Boolean"]),
            "Image.pixelLonLat": (lambda: pixel_lon_lat("wrapped-longitude" in deviations), [], []),
            "Image.gt": binary("Image.gt", lambda x, y: (x > y).astype(float), byte),
            "Image.add": binary("Image.add", np.add),
            "Image.multiply": binary("Image.multiply", np.multiply),
            "Image.toUint8": of("uint8"),
            "Image.toInt16": of("int16"),
            "Image.toUint16": of("uint16"),
            "Image.toInt32": of("int32"),
            "Image.toUint32": of("uint32"),
            "Image.toFloat": of("float32"),
            "Image.toDouble": of("float64"),
            "ImageCollection.load": (self.collection, ["id: String"], ["version: Long"]),
            "ImageCollection.mosaic": (mosaic, ["collection: ImageCollection"], []),
            "Collection.filter": (filtered, ["collection: FeatureCollection", "filter: Filter"], []),
            "Filter.dateRangeContains": (
                date_range_contains,
                [],
                ["leftField: String", "rightValue: Object", "rightField: String", "leftValue: Object"],
            ),
            "DateRange": (date_range, ["start: Object"], ["end: Object", "timeZone: String"]),
        }
        self.functions = {
            name: (function, typed(needed), typed(optional))
            for name, (function, needed, optional) in functions.items()
        }

    def image(self, id, version=None):
        raise Refusal(
            f"Image.load: Image asset '{id}' not found (does not exist or caller does not have access)."
        )

    def collection(self, id, version=None):
        if TCTREND.match(id):
            return Collection([Image([tctrend_band(i) for i in range(3)])])
        if id == EMBEDDING:
            double = "embedding-double" in self.deviations
            return Collection([embedding(year, double) for year in range(2017, 2026)])
        raise Refusal(
            f"ImageCollection.load: ImageCollection asset '{id}' not found (does not exist or caller does not have access)."
        )

    def evaluate(self, expression):
        values, seen = expression.get("values", {}), {}
        under_way = object()

        def named(key):
            if key not in values:
                raise Refusal(f"Invalid expression: value reference '{key}' is not defined.")
            if key not in seen:
                seen[key] = under_way
                seen[key] = node(values[key])
            elif seen[key] is under_way:
                raise Refusal(f"Invalid expression: value reference '{key}' is part of a cycle.")
            return seen[key]

        def node(value):
            (kind, content), = value.items()
            if kind == "constantValue":
                return content
            if kind == "integerValue":
                return int(content)
            if kind == "valueReference":
                return named(content)
            if kind == "arrayValue":
                return [node(each) for each in content.get("values", [])]
            if kind == "dictionaryValue":
                return {key: node(each) for key, each in content.get("values", {}).items()}
            if kind == "functionInvocationValue":
                return self.call(
                    content.get("functionName"),
                    {key: node(each) for key, each in content.get("arguments", {}).items()},
                )
            raise Refusal(f"Invalid expression: {kind} is not expected here.")

        return named(expression.get("result"))

    def call(self, name, arguments):
        if name not in self.functions:
            raise Refusal(f"Function '{name}' not found.")
        function, needed, optional = self.functions[name]
        for each in needed:
            if arguments.get(each) is None:
                raise Refusal(f"{name}: Parameter '{each}' is required and may not be null.")
        for each, value in arguments.items():
            wanted = {**needed, **optional}.get(each)
            if wanted is None:
                raise Refusal(f"{name}: Unexpected arguments: {each}.")
            if value is not None and not ACCEPTS[wanted](value):
                raise Refusal(
                    f"{name}, argument '{each}': Invalid type. Expected type: {wanted}. Actual type: {type_of(value)}."
                )
        return function(**{each: value for each, value in arguments.items() if value is not None})

    def algorithms(self):
        def described(arguments, more):
            return [{"argumentName": name, "type": kind, **more} for name, kind in arguments.items()]

        return {
            "algorithms": [
                {
                    "name": f"algorithms/{name}",
                    "description": name,
                    "returnType": "Object",
                    "arguments": [*described(needed, {}), *described(optional, {"optional": True})],
                }
                for name, (_, needed, optional) in self.functions.items()
                if not (name == "Image.unmask" and "missing-function" in self.deviations)
            ]
        }

    # ---- pixels ------------------------------------------------------------------------------------------

    def compute_pixels(self, body):
        message(body, "", COMPUTE_PIXELS)
        for name in ("expression", "grid"):
            if name not in body:
                raise Refusal(f"Invalid request: '{name}' is required.")
        where = Grid(body["grid"])
        try:
            image = self.evaluate(body["expression"])
        except Refusal as refusal:
            if "no bands" in str(refusal) and "empty-mosaic-500" in self.deviations:
                raise Refusal("An internal error has occurred.", 500, "INTERNAL") from None
            raise
        if not isinstance(image, Image):
            raise Refusal("Expression does not evaluate to an Image.")
        chosen = body.get("bandIds") or [band.name for band in image.bands]
        bands = select(image, chosen).bands
        self.check_size(bands, where)
        lon, lat = where.centres("shifted-grid" in self.deviations)
        planes = [self.plane(band, lon, lat) for band in bands]
        if body.get("fileFormat") == "NPY":
            return "application/octet-stream", npy(bands, planes)
        if body.get("fileFormat") != "GEO_TIFF":
            raise Refusal(f"Unsupported file format: {body.get('fileFormat')}.")
        kinds = list(dict.fromkeys(band.dtype for band in bands))
        if len(kinds) > 1:
            raise Refusal(
                "Exported bands must have compatible data types; found inconsistent types: "
                f"{' and '.join(kind.capitalize() for kind in kinds[:2])}."
            )
        kind = "application/octet-stream" if "octet-stream" in self.deviations else "image/tiff"
        return kind, self.geotiff(np.stack(planes), where)

    def check_size(self, bands, where):
        if max(where.width, where.height) > MAX_SIDE:
            raise Refusal(
                f"Pixel grid dimensions ({where.width}x{where.height}) must be less than or equal to {MAX_SIDE}."
            )
        masks = 0 if "no-mask-bytes" in self.deviations else 1
        size = where.width * where.height * sum(np.dtype(b.dtype).itemsize + masks for b in bands)
        if size > MAX_BYTES:
            if "too-large-413" in self.deviations:
                raise Refusal("Request Entity Too Large", 413)
            raise Refusal(
                f"Total request size ({size} bytes) must be less than or equal to {MAX_BYTES} bytes."
            )

    def plane(self, band, lon, lat):
        values, valid = band.sample(lon, lat)
        empty = 99 if "masked-values" in self.deviations else 0
        return np.where(valid, values, empty).astype(band.dtype)

    def geotiff(self, planes, where):
        """Tiles of 256 pixels, Deflate, one sample after the other, and a matrix in place of a scale."""
        dtype = planes.dtype
        tags = [
            (34264, "d", 16, where.matrix("shifted-grid" in self.deviations), True),
            (34735, "H", *where.geo_keys(2 if "point-pixels" in self.deviations else 1), True),
        ]
        if "no-nodata-tag" not in self.deviations:
            text = nodata_of(dtype)
            tags.append((42113, "s", len(text) + 1, text, True))
        out = io.BytesIO()
        tifffile.imwrite(
            out,
            np.ascontiguousarray(np.moveaxis(planes, 0, -1)) if len(planes) > 1 else planes[0],
            photometric="minisblack",
            planarconfig="contig" if len(planes) > 1 else None,
            tile=(256, 256),
            compression="zstd" if "zstd" in self.deviations else "zlib",
            metadata=None,
            software=False,
            extratags=tags,
        )
        return out.getvalue()


def nodata_of(dtype):
    if dtype.kind == "f":
        return "-inf"
    return str(np.iinfo(dtype).min)


def npy(bands, planes):
    """A structured array, one field for each band: types may differ."""
    record = np.dtype([(band.name, np.dtype(band.dtype).newbyteorder("<")) for band in bands])
    array = np.empty(planes[0].shape, record)
    for band, plane in zip(bands, planes):
        array[band.name] = plane
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=(1, 0))
    return out.getvalue()


class Grid:
    def __init__(self, json_grid):
        size, transform = json_grid.get("dimensions"), json_grid.get("affineTransform")
        if size is None or transform is None:
            raise Refusal("Invalid request: 'grid' needs dimensions and an affineTransform.")
        self.width, self.height = size.get("width", 0), size.get("height", 0)
        if min(self.width, self.height) < 1:
            raise Refusal(f"Pixel grid dimensions ({self.width}x{self.height}) must be positive.")
        names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
        self.affine = [float(transform.get(name, 0)) for name in names]
        try:
            code, wkt = json_grid.get("crsCode"), json_grid.get("crsWkt")
            self.crs = CRS.from_user_input(code) if code else CRS.from_wkt(wkt)
        except Exception as error:
            raise Refusal(f"The CRS of a map projection could not be parsed: {error}") from None

    def centres(self, shifted):
        a, b, c, d, e, f = self.affine
        col, row = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        if shifted:
            col = col + 0.5
        x, y = a * col + b * row + c, d * col + e * row + f
        if self.crs.is_geographic:
            return x, y
        return Transformer.from_crs(self.crs, 4326, always_xy=True).transform(x, y)

    def matrix(self, shifted):
        a, b, c, d, e, f = self.affine
        return (a, b, 0, c + (a / 2 if shifted else 0), d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1)

    def geo_keys(self, raster_type):
        code = self.crs.to_epsg() or 32767
        model, key = (2, 2048) if self.crs.is_geographic else (1, 3072)
        keys = [1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, raster_type, key, 0, 1, code]
        return len(keys), keys


# ---- HTTP ------------------------------------------------------------------------------------------------


def not_json(name):
    raise ValueError(f"Unexpected token. {name}")


def without_twins(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("Duplicate names in an object.")
    return dict(pairs)


def asset_of(service, name):
    match = re.match(r"^projects/(earthengine-legacy|earthengine-public)/assets/(.+)$", name)
    id = match.group(2) if match else name
    if "collection-forbidden" in service.deviations:
        raise Refusal(
            f"Permission 'earthengine.assets.get' denied on resource '{name}' (or it may not exist).",
            403,
            "PERMISSION_DENIED",
        )
    if TCTREND.match(id) or id == EMBEDDING:
        return {"type": "IMAGE_COLLECTION", "name": name, "id": id, "updateTime": "2024-01-01T00:00:00Z"}
    raise Refusal(f"Asset '{name}' not found.", 404, "NOT_FOUND")


def handler_of(service, token, project):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "ESF"
        sys_version = ""

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.answer(self.get)

        def do_POST(self):
            self.answer(self.post)

        def get(self):
            path = self.path.split("?")[0]
            if path == f"/v1/projects/{project}/algorithms":
                return "application/json; charset=UTF-8", json.dumps(service.algorithms()).encode()
            if path.startswith("/v1/projects/") and "/assets/" in path:
                asset = asset_of(service, path[len("/v1/") :])
                return "application/json; charset=UTF-8", json.dumps(asset).encode()
            raise Refusal(f"The requested URL {path} was not found on this server.", 404, "NOT_FOUND")

        def post(self):
            if self.path != f"/v1/projects/{project}/image:computePixels":
                raise Refusal("The requested URL was not found on this server.", 404, "NOT_FOUND")
            if self.headers.get("content-type", "").split(";")[0] != "application/json":
                raise Refusal("Expected a request with JSON.")
            try:
                body = json.loads(self.body, parse_constant=not_json, object_pairs_hook=without_twins)
            except ValueError as error:
                raise invalid(f"Invalid JSON payload received. {error}") from None
            return service.compute_pixels(body)

        def check_account(self):
            if self.headers.get("authorization") != f"Bearer {token}":
                raise Refusal(
                    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
                    401,
                    "UNAUTHENTICATED",
                )
            if self.headers.get("x-goog-user-project") != project:
                raise Refusal(
                    "Caller does not have required permission to use the project of x-goog-user-project.",
                    403,
                    "PERMISSION_DENIED",
                )

        def answer(self, work):
            self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                self.check_account()
                kind, body = work()
                code = 200
            except Refusal as refusal:
                kind, code = "application/json; charset=UTF-8", refusal.code
                body = json.dumps(refusal.body, indent=2).encode()
            except Exception:
                # A fault of this program: no client is to take it for a word of the service.
                traceback.print_exc()
                kind, code, body = "text/plain", 500, b"The strict service has failed."
            zipped = "gzip" in self.headers.get("accept-encoding", "")
            if code == 200 and (zipped or "unasked-gzip" in service.deviations):
                body, encoding = gzip.compress(body, 1), "gzip"
            else:
                encoding = None
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Vary", "Origin, X-Origin, Referer")
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 30_000):
                piece = body[at : at + 30_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--token", required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--deviate", default="")
    options = parser.parse_args()
    deviations = {name for name in options.deviate.split(",") if name}
    unknown = deviations - set(DEVIATIONS)
    if unknown:
        parser.error(f"Expected one of {', '.join(DEVIATIONS)} but received {', '.join(unknown)}.")
    handler = handler_of(Service(deviations), options.token, options.project)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
