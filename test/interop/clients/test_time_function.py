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
def medians(folder):
    """[time, band, y, x], cut to whole numbers as a cast does, 0 where nothing is valid."""
    steps = []
    for month in MONTHS:
        shots = []
        for name in month:
            with rasterio.open(f"{folder}/{name}.tif") as raster:
                shots.append(raster.read(masked=True))
        median = np.ma.median(np.ma.stack(shots).astype("f8"), axis=0)
        steps.append(np.floor(median).filled(0).astype(np.uint16))
    return np.stack(steps)


def test_the_text_of_the_example_is_a_function_value_of_two_named_arguments(printed):
    _, fields = printed
    assert isinstance(fields["expression"], str)
    graph = json.loads(fields["expression"])
    definition = graph["values"][graph["result"]]["functionDefinitionValue"]
    assert definition["argumentNames"] == ["start", "end"]
    assert definition["body"] in graph["values"]


@pytest.mark.parametrize("form", ["text", "object"])
def test_a_cube_filled_by_it_has_the_medians_that_numpy_computes(
    form, printed, dataset_file, medians, pytestconfig, tmp_path
):
    text = printed[1]["expression"]
    expression = text if form == "text" else json.loads(text)
    file, pixels = tmp_path / "monthly.json", tmp_path / "pixels"
    file.write_text(json.dumps({**dataset_file, "expression": expression}))
    command = [NODE, str(HERE / "fill-cube.mjs"), str(file), pytestconfig.getoption("--server"), str(pixels)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shape = (len(dataset_file["bands"]), *medians[:, 0].shape)
    cube = np.fromfile(pixels, "<u2").reshape(shape)
    assert (cube == 0).any() and len(np.unique(cube)) > 1000
    np.testing.assert_array_equal(cube, medians.swapaxes(0, 1))


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
