"""Makes scenes.json and scenes.bin.gz, small stand-ins for collections of the public catalogue, and references.json:
what numpy makes of them by the recipes of the dataset files in datasets/. The test writes the scenes as GeoTIFFs.

    python -m venv /tmp/recipes && /tmp/recipes/bin/pip install -r test/e2e/recipes/requirements.txt
    /tmp/recipes/bin/python test/e2e/recipes/make-fixtures.py

Bands, types and meanings are those of the catalogue (but that a file has one type, so that classes come as
uint16); the numbers are made up, by one seed. No class is as frequent as another where a mode is taken, and no
value lies half way between two whole numbers before it is rounded: what Earth Engine does there is not published.
"""

import gzip
import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent
SIDE = 16
UTM = {"crs": "EPSG:32652", "affine": [10, 0, 500000, 0, -10, 8000160]}
LANDSAT = {"crs": "EPSG:32652", "affine": [30, 0, 500010, 0, -30, 8000490]}
DEGREES = {"crs": "EPSG:4326", "affine": [0.1, 0, 126.95, 0, -0.1, 72.05]}
NODATA = {"uint16": 65535, "int16": -32768, "uint8": 255}

rng = np.random.default_rng(20261128)
assets = {}
pixels = []
references = {}


def write(asset, index, bands, start, grid, properties=None, nodata=None):
    """Adds an image to a collection; bands by name, [y, x]."""
    offset = sum(map(len, pixels))
    pixels.extend(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in bands.values())
    dtype = str(next(iter(bands.values())).dtype)
    scene = {"index": index, "bands": list(bands), "dtype": dtype, "offset": offset, "start": start,
             "properties": properties or {}, "geobox": {**grid, "shape": [SIDE, SIDE]}}
    assets.setdefault(asset, []).append(scene if nodata is None else {**scene, "nodata": nodata})


def reference(name, steps, dtype):
    """`steps` is a dictionary of bands for each time step, float64 with NaN where nothing is valid."""
    nodata = NODATA.get(dtype)
    bands = {}
    for band in steps[0]:
        values = np.stack([step[band] for step in steps])
        if nodata is None:
            bands[band] = [None if np.isnan(v) else float(np.float32(v)) for v in values.ravel()]
            continue
        fraction = np.abs(values - np.floor(values) - 0.5)
        assert np.nanmin(fraction, initial=1) > 1e-6 or np.all(np.isnan(values)), (name, band)
        bands[band] = np.where(np.isnan(values), nodata, np.rint(values)).astype(int).ravel().tolist()
    references[name] = {"shape": [len(steps), SIDE, SIDE], "bands": bands}


def stack(images, band):
    return np.stack([image[band] for image in images])


def masked_by(images, band, keep):
    """The band as float64, NaN where `keep` (of an image) is false."""
    return np.stack([np.where(keep(image), image[band].astype(float), np.nan) for image in images])


def over(function, values, *args):
    """A NaN-aware function over the first axis, without numpy's warnings where all is NaN."""
    result = np.full(values.shape[1:], np.nan)
    some = ~np.all(np.isnan(values), axis=0)
    result[some] = function(values[:, some], *args, axis=0)
    return result


def sentinel_2():
    asset, score = "COPERNICUS/S2_SR_HARMONIZED", "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
    months, scored = [], []
    for month in range(1, 13):
        images = []
        for n in range(3 + month % 2):
            # Odd values: the mean of two is a whole number, so nothing is half way. A step of 2 keeps it so.
            image = {
                "B4": (2 * rng.integers(1, 2500, (SIDE, SIDE)) + 1).astype("uint16"),
                "B8": (2 * rng.integers(1, 4000, (SIDE, SIDE)) + 1).astype("uint16"),
                "SCL": rng.choice(np.arange(1, 12), (SIDE, SIDE)).astype("uint16"),
            }
            image["SCL"][:2, :2] = 9  # Cloudy all year.
            cloudy = 80.5 if n == 1 else 10 + n
            index = f"2024{month:02}{5 * n + 3:02}T033529_T52XDF"
            start = f"2024-{month:02}-{5 * n + 3:02}T03:35:29Z"
            write(asset, index, image, start, UTM,
                  {"CLOUDY_PIXEL_PERCENTAGE": cloudy, "MGRS_TILE": "52XDF"})
            if month <= 2:
                cs = rng.choice([0.2, 0.59, 0.61, 0.9], (SIDE, SIDE)).astype("float32")
                # One image has no score, and is masked as a whole.
                if n != 2:
                    write(score, index, {"cs": cs}, start, UTM)
                scored.append((month, n, image, cs if n != 2 else np.zeros((SIDE, SIDE))))
            if cloudy < 60:
                images.append(image)
        months.append(images)
    clear = lambda image: ~np.isin(image["SCL"], [1, 3, 8, 9, 10, 11])
    reference("s2-monthly", [
        {band: over(np.nanmedian, masked_by(images, band, clear)) for band in ("B4", "B8")}
        for images in months
    ], "uint16")
    steps = []
    for month in (1, 2):
        values = [np.where(cs >= np.float32(0.6), image["B4"].astype(float), np.nan)
                  for m, _, image, cs in scored if m == month]
        steps.append({"B4": over(np.nanmax, np.stack(values))})
    reference("s2-cloud-score", steps, "uint16")


def landsat():
    asset = "LANDSAT/LC08/C02/T1_L2"
    years = []
    for year in (2021, 2022, 2023):
        images = []
        for n in range(5 if year != 2022 else 4):
            image = {
                "SR_B4": rng.integers(9000, 14000, (SIDE, SIDE)).astype("uint16"),
                "SR_B5": rng.integers(9000, 22000, (SIDE, SIDE)).astype("uint16"),
                "QA_PIXEL": np.zeros((SIDE, SIDE), "uint16"),
            }
            for bit in (1, 2, 3, 4, 5):
                image["QA_PIXEL"] |= (rng.random((SIDE, SIDE)) < 0.07).astype("uint16") << bit
            image["QA_PIXEL"] |= np.uint16(1 << 6)
            write(asset, f"LC08_127009_{year}0{n + 4}15", image, f"{year}-0{n + 4}-15T03:00:00Z",
                  LANDSAT, {"CLOUD_COVER": 5.0 * n, "SPACECRAFT_ID": "LANDSAT_8"})
            images.append(image)
        years.append(images)
    steps = []
    for images in years:
        ndvi = []
        for image in images:
            red, near = (image[band] * 2.75e-05 - 0.2 for band in ("SR_B4", "SR_B5"))
            value = (near - red) / (near + red)
            keep = ((image["QA_PIXEL"] & 0b111111) == 0) & (red >= 0) & (near >= 0)
            # Where Earth Engine has a float, it has 24 bits of it.
            ndvi.append(np.where(keep, np.float32(value).astype(float) * 10000, np.nan))
        steps.append({"NDVI": over(np.nanmedian, np.stack(ndvi))})
    reference("ndvi-annual", steps, "int16")


def dynamic_world():
    asset = "GOOGLE/DYNAMICWORLD/V1"
    steps = []
    for year in (2022, 2023):
        labels = np.full((7, SIDE, SIDE), 255, "uint8")
        expected = np.full((SIDE, SIDE), np.nan)
        for y in range(SIDE):
            for x in range(SIDE):
                valid = int(rng.integers(0, 8))
                if valid == 0:
                    continue
                winner, *others = rng.permutation(9)
                wins = valid // 2 + 1
                column = [winner] * wins + [int(rng.choice(others)) for _ in range(valid - wins)]
                column += [255] * (7 - valid)
                labels[:, y, x] = rng.permutation(column)
                classes, counts = np.unique(labels[:, y, x][labels[:, y, x] != 255], return_counts=True)
                expected[y, x] = classes[counts.argmax()]
        for n, label in enumerate(labels):
            write(asset, f"{year}0{n + 2}01T033529_T52XDF", {"label": label},
                  f"{year}-0{n + 2}-01T03:35:29Z", UTM, nodata=255)
        steps.append({"label": expected})
    reference("dynamic-world", steps, "uint8")


def era5_land():
    asset = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
    steps = []
    for month in range(1, 13):
        image = {
            "temperature_2m": rng.uniform(225, 295, (SIDE, SIDE)).astype("float32"),
            "total_precipitation_sum": rng.uniform(0, 0.2, (SIDE, SIDE)).astype("float32"),
        }
        sea = np.zeros((SIDE, SIDE), bool)
        sea[:3] = True
        for array in image.values():
            array[sea] = np.nan
        write(asset, f"2024{month:02}", image, f"2024-{month:02}-01T00:00:00Z", DEGREES)
        steps.append({
            "temperature_2m": image["temperature_2m"].astype(float) * 100 - 27315,
            "total_precipitation_sum": image["total_precipitation_sum"].astype(float) * 100000,
        })
    reference("era5-land-monthly", steps, "int16")


def reductions():
    """Each reduction of one collection, with even and odd counts of valid pixels, and none."""
    images = []
    for n in range(6):
        values = rng.uniform(-1000, 1000, (SIDE, SIDE)).astype("float32")
        values[rng.random((SIDE, SIDE)) < 0.3] = np.nan
        values[0, :4] = np.nan
        write("users/demo/reductions", f"image_{n}", {"v": values}, f"2020-01-0{n + 1}", UTM)
        images.append(values.astype(float))
    values = np.stack(images)
    first = np.full((SIDE, SIDE), np.nan)
    last = first.copy()
    for value in images:
        first = np.where(np.isnan(first), value, first)
        last = np.where(np.isnan(value), last, value)
    made = {
        "mosaic": last, "first": first,
        "median": over(np.nanmedian, values), "mean": over(np.nanmean, values),
        "min": over(np.nanmin, values), "max": over(np.nanmax, values),
        "count": np.sum(~np.isnan(values), axis=0).astype(float),
        # Of percentiles, only these are published: the least, the median, the greatest.
        "p0": over(np.nanpercentile, values, 0), "p50": over(np.nanpercentile, values, 50),
        "p100": over(np.nanpercentile, values, 100),
    }
    for name, value in made.items():
        reference(f"reduce-{name}", [{"v": value}], "float32")


for make in (sentinel_2, landsat, dynamic_world, era5_land, reductions):
    make()
compact = {"separators": (",", ":")}
(FOLDER / "scenes.json").write_text(json.dumps(assets, **compact) + "\n")
(FOLDER / "scenes.bin.gz").write_bytes(gzip.compress(b"".join(pixels), mtime=0))
made = {"made_with": {"numpy": np.__version__}, "references": references}
(FOLDER / "references.json").write_text(json.dumps(made, **compact) + "\n")
