"""A function of the time step, written with earthengine-api as src/dataset/README.md has it: the cube that it fills."""

import json
import os
import re
import subprocess
from pathlib import Path

import ee
import numpy as np
import pytest
import rasterio
from make_scenes import MONTHLY, MONTHS
from nearest import grid_of

HERE = Path(__file__).parent
PAGE = (HERE / "../../../src/dataset/README.md").read_text()
NODE = os.environ.get("GEOCUBES_NODE", "node")


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def printed():
    """What the example prints, in an interpreter of its own but for the address of the service."""
    [code] = [code for code in examples("python") if "CustomFunction" in code]
    namespace, lines = {}, []
    namespace["print"] = lambda text: lines.append(text)
    # The service is this machine's, and has been initialised by conftest.
    exec(re.sub(r"^ee\.Initialize\(.*\)$", "", code, flags=re.MULTILINE), namespace)  # noqa: S102
    assert len(code.strip().splitlines()) <= 10
    [line] = lines
    return namespace, json.loads(line)


@pytest.fixture(scope="module")
def dataset_file():
    """The fields of the page's own example, without its expression."""
    [file] = [json.loads(text) for text in examples("json") if "functionDefinitionValue" in text]
    del file["expression"]
    return file


@pytest.fixture(scope="module")
def shots(folder):
    """Masked [time, shot, band, y, x]."""

    def read(name):
        with rasterio.open(f"{folder}/{name}.tif") as raster:
            return raster.read(masked=True)

    return np.ma.stack([np.ma.stack([read(name) for name in month]) for month in MONTHS])


def medians_of(shots):
    """[time, band, y, x], cut to whole numbers as a cast does, 0 where nothing is valid."""
    return np.floor(np.ma.median(shots.astype("f8"), axis=1)).filled(0).astype(np.uint16)


@pytest.fixture(scope="module")
def medians(shots):
    return medians_of(shots)


@pytest.fixture
def fill(dataset_file, pytestconfig, tmp_path):
    """The pixels [time, band, y, x] of a cube that is filled by an expression."""

    def fill(expression):
        file, pixels = tmp_path / "monthly.json", tmp_path / "pixels"
        file.write_text(json.dumps({**dataset_file, "expression": expression}))
        command = [NODE, str(HERE / "fill-cube.mjs"), str(file), pytestconfig.getoption("--server"), str(pixels)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shape = (len(dataset_file["bands"]), len(MONTHS), *MONTHLY["shape"])
        return np.fromfile(pixels, "<u2").reshape(shape).swapaxes(0, 1)

    return fill


def test_the_text_of_the_example_is_a_function_value_of_two_named_arguments(printed):
    _, fields = printed
    assert isinstance(fields["expression"], str)
    graph = json.loads(fields["expression"])
    definition = graph["values"][graph["result"]]["functionDefinitionValue"]
    assert definition["argumentNames"] == ["start", "end"]
    assert definition["body"] in graph["values"]


@pytest.mark.parametrize("form", ["text", "object"])
def test_a_cube_filled_by_it_has_the_medians_that_numpy_computes(form, printed, medians, fill):
    text = printed[1]["expression"]
    cube = fill(text if form == "text" else json.loads(text))
    assert (cube == 0).any() and len(np.unique(cube)) > 1000
    np.testing.assert_array_equal(cube, medians)


def test_dates_may_be_made_of_the_arguments_and_functions_of_images_be_mapped_within(shots, fill):
    def dark(start, end):
        first_half = ee.Date(start), ee.Date(end).advance(-10, "day")
        collection = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED").filterDate(*first_half)
        return collection.map(lambda image: image.updateMask(image.lt(9000))).median()

    arguments = [{"name": None, "type": "Object"}, {"name": None, "type": "Object"}]
    function = ee.CustomFunction({"name": "", "args": arguments, "returns": "Image"}, dark)
    expected = medians_of(np.ma.masked_greater_equal(shots[:, :2], 9000))
    np.testing.assert_array_equal(fill(function.serialize()), expected)


def test_the_client_itself_gets_the_same_pixels_when_it_calls_the_function(printed, dataset_file, medians):
    function = printed[0]["function"]
    february = ee.Date("2024-02-01"), ee.Date("2024-03-01")
    image = ee.Image(function.call(*(date.millis() for date in february)))
    array = ee.data.computePixels({
        "expression": image.unmask(0, False).toUint16().select(dataset_file["bands"]),
        "fileFormat": "NUMPY_NDARRAY",
        "grid": grid_of(MONTHLY["crs"], MONTHLY["transform"], MONTHLY["shape"]),
    })  # fmt: skip
    np.testing.assert_array_equal(np.stack([array[name] for name in dataset_file["bands"]]), medians[1])
