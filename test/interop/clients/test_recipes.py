"""The recipes of test/e2e/recipes, written by hand with earthengine-api: the same pixels as the cubes of their dataset files."""

import json
import os
import subprocess
from pathlib import Path

import ee
import numpy as np
import pandas as pd
import pytest
from google.oauth2.credentials import Credentials
from nearest import grid_of

HERE = Path(__file__).parent
DATASETS = HERE / "../../e2e/recipes/datasets"
NODE = os.environ.get("GEOCUBES_NODE", "node")
SIDE = 16
UTM = grid_of("EPSG:32652", (10, 0, 500000, 0, -10, 8000160), (SIDE, SIDE))
LANDSAT = grid_of("EPSG:32652", (30, 0, 500010, 0, -30, 8000490), (SIDE, SIDE))
DEGREES = grid_of("EPSG:4326", (0.1, 0, 126.95, 0, -0.1, 72.05), (SIDE, SIDE))
S2 = "COPERNICUS/S2_SR_HARMONIZED"


@pytest.fixture(scope="module", autouse=True)
def recipes(pytestconfig, service):
    """The same collections as in the other tests, but other scenes: of a server of their own."""
    connect(pytestconfig.getoption("--recipes-server"))
    yield
    connect(pytestconfig.getoption("--server"))


def connect(url):
    ee.Reset()
    ee.Initialize(credentials=Credentials("loopback"), url=url, project="interop")


def s2_monthly(start, end):
    def clear(image):
        scl = image.select("SCL")
        return image.updateMask(scl.remap([1, 3, 8, 9, 10, 11], [0] * 6, 1))

    images = ee.ImageCollection(S2).filter(ee.Filter.lt("CLOUDY_PIXEL_PERCENTAGE", 60))
    return images.filterDate(start, end).map(clear).select(["B4", "B8"]).median()


def s2_cloud_score(start, end):
    scores = ee.ImageCollection("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED")
    images = ee.ImageCollection(S2).linkCollection(scores, ["cs"]).filterDate(start, end)
    return images.map(lambda image: image.updateMask(image.select("cs").gte(0.6))).select("B4").max()


def ndvi_annual(start, end):
    """As Earth Engine's own guides have it: fill, dilated cloud, cirrus, cloud, shadow and snow are bits 0 to 5."""

    def ndvi(image):
        clear = image.select("QA_PIXEL").bitwiseAnd(0b111111).eq(0)
        optical = image.select(["SR_B5", "SR_B4"]).multiply(0.0000275).add(-0.2)
        return optical.updateMask(clear).normalizedDifference().multiply(10000).rename("NDVI")

    images = ee.ImageCollection("LANDSAT/LC08/C02/T1_L2").filterDate(start, end)
    kept = images.filter(
        ee.Filter.And(ee.Filter.lte("CLOUD_COVER", 60), ee.Filter.inList("SPACECRAFT_ID", ["LANDSAT_8", "LANDSAT_9"]))
    )
    return kept.map(ndvi).median()


def dynamic_world(start, end):
    return ee.ImageCollection("GOOGLE/DYNAMICWORLD/V1").filterDate(start, end).select("label").mode()


def era5_land_monthly(start, end):
    image = ee.ImageCollection("ECMWF/ERA5_LAND/MONTHLY_AGGR").filterDate(start, end).first()
    # A float has too few digits for kelvins in hundredths.
    kelvin, metres = (image.select(name).toDouble() for name in ("temperature_2m", "total_precipitation_sum"))
    return kelvin.multiply(100).subtract(27315).addBands(metres.multiply(100000))


def months(count):
    starts = pd.date_range("2024-01-01", periods=count + 1, freq="MS")
    return [(f"{one:%Y-%m-%d}", f"{other:%Y-%m-%d}") for one, other in zip(starts[:-1], starts[1:], strict=True)]


def years(*which):
    return [(f"{year}-01-01", f"{year + 1}-01-01") for year in which]


RECIPES = {
    "s2-monthly": (s2_monthly, UTM, months(12)),
    "s2-cloud-score": (s2_cloud_score, UTM, months(2)),
    "ndvi-annual": (ndvi_annual, LANDSAT, years(2021, 2022, 2023)),
    "dynamic-world": (dynamic_world, UTM, years(2022, 2023)),
    "era5-land-monthly": (era5_land_monthly, DEGREES, months(12)),
}


def test_each_dataset_file_has_its_recipe_here():
    assert sorted(RECIPES) == sorted(path.stem for path in DATASETS.glob("*.json"))


@pytest.mark.parametrize("name", RECIPES)
def test_the_client_gets_the_pixels_of_the_cube_that_the_dataset_file_fills(name, pytestconfig, tmp_path):
    recipe, grid, steps = RECIPES[name]
    path = DATASETS / f"{name}.json"
    dataset = json.loads(path.read_text())
    bands = [band if isinstance(band, str) else band["name"] for band in dataset["bands"]]
    fetched = np.stack([fetch(recipe(*step), bands, grid, dataset) for step in steps], axis=1)
    cube = fill(path, pytestconfig.getoption("--recipes-server"), tmp_path / "pixels").view(dataset["dtype"])
    assert len(np.unique(fetched)) > 5
    assert 0 < (fetched == dataset["nodata"]).mean() < 0.5
    np.testing.assert_array_equal(cube.reshape(fetched.shape), fetched)


def fetch(image, bands, grid, dataset):
    """[band, y, x] of the dataset's type, its nodata where the image is masked."""
    whole = image.select(bands).round().unmask(dataset["nodata"], False)
    cast = getattr(whole, f"to{dataset['dtype'].capitalize()}")()
    array = ee.data.computePixels({"expression": cast, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    assert array.dtype.names == tuple(bands)
    return np.stack([array[name] for name in bands])


def fill(path, server, pixels):
    command = [NODE, str(HERE / "fill-cube.mjs"), str(path), server, str(pixels)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.fromfile(pixels, np.uint8)
