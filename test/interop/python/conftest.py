"""Gives each test the cubes of `make-cubes.mjs`; all tests run once for each cube they ask for."""

import json
from pathlib import Path

import icechunk
import pytest
import zarr
from cube import Cube
from reference import describe_reference

ICECHUNK_MAJOR = int(icechunk.__version__.split(".")[0])


def pytest_addoption(parser):
    parser.addoption("--cubes", required=True, help="the folder that make-cubes.mjs wrote")


def pytest_report_header():
    return f"icechunk {icechunk.__version__}, zarr {zarr.__version__}; reference: {describe_reference()}"


def read_manifest(config):
    return json.loads((Path(config.getoption("--cubes")) / "manifest.json").read_text())


def pytest_generate_tests(metafunc):
    """`cube`: each that this icechunk reads and that has no time axis; `temporal_cube`: those that have one;
    `composite_cube`: those whose steps are made of several rasters; `warped_cube`: those made from a raster that GDAL can warp."""
    manifest = read_manifest(metafunc.config)
    cubes = [Cube(record) for record in manifest["cubes"]]
    readable = [cube for cube in cubes if cube.format <= ICECHUNK_MAJOR]
    if "cube" in metafunc.fixturenames:
        flat = [cube for cube in readable if not cube.is_temporal]
        metafunc.parametrize("cube", [*map(named, flat), *missing(manifest)])
    if "temporal_cube" in metafunc.fixturenames:
        temporal = [cube for cube in readable if cube.is_temporal]
        metafunc.parametrize("temporal_cube", [*map(named, temporal)])
    if "composite_cube" in metafunc.fixturenames:
        composites = [cube for cube in readable if cube.scenes is not None]
        metafunc.parametrize("composite_cube", [*map(named, composites)])
    if "warped_cube" in metafunc.fixturenames:
        warped = [cube for cube in readable if cube.file is not None]
        metafunc.parametrize("warped_cube", [*map(named, warped), *missing(manifest)])
    if "packed" in metafunc.fixturenames:
        metafunc.parametrize("packed", [pytest.param(it, id=it["name"]) for it in manifest["packed"]])
    if "composite" in metafunc.fixturenames:
        metafunc.parametrize("composite", [pytest.param(it, id=it["name"]) for it in manifest["composites"]])
    if "format_2_cube" in metafunc.fixturenames:
        newer = [cube for cube in cubes if cube.format == 2]
        metafunc.parametrize("format_2_cube", [*map(named, newer)])


def named(cube):
    return pytest.param(cube, id=cube.name)


def missing(manifest):
    """Cubes that could not be made in somebody's own checkout; in CI make-cubes.mjs fails instead."""
    return [
        pytest.param(None, id=entry["name"], marks=pytest.mark.skip(reason=entry["reason"]))
        for entry in manifest["skipped"]
    ]
