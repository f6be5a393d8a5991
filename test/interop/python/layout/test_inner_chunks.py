"""Cubes whose chunks consist of inner chunks (sharding_indexed), as zarr-python, xarray and tensorstore read them: the
pixels are those of the same cube in whole chunks."""

import json
from pathlib import Path

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr

TILE = 64


def pytest_generate_tests(metafunc):
    manifest = json.loads((Path(metafunc.config.getoption("--cubes")) / "manifest.json").read_text())
    metafunc.parametrize("inner", [pytest.param(it, id=it["name"]) for it in manifest["inner"]])


def open_store(path):
    if path.endswith(".zarr"):
        return path
    return icechunk.Repository.open(icechunk.local_filesystem_storage(path)).readonly_session("main").store


def whole_pixels(inner, name):
    return zarr.open_group(open_store(inner["whole"]), mode="r")[name][:]


def test_zarr_python_reads_all_of_it_and_any_window(inner):
    group = zarr.open_group(open_store(inner["store"]), mode="r")
    side = inner["innerChunk"]
    for name in inner["bands"]:
        array, expected = group[name], whole_pixels(inner, name)
        assert array.shards[-2:] == (TILE, TILE)
        assert array.chunks[-2:] == (side, side)
        assert len(np.unique(expected)) > 1
        np.testing.assert_array_equal(array[:], expected)
        np.testing.assert_array_equal(array[..., 37:70, 51:90], expected[..., 37:70, 51:90])


def test_xarray_reads_the_stored_numbers(inner):
    dataset = xr.open_zarr(open_store(inner["store"]), consolidated=False, chunks=None, mask_and_scale=False)
    for name in inner["bands"]:
        np.testing.assert_array_equal(dataset[name].values, whole_pixels(inner, name))


def test_tensorstore_reads_a_plain_directory(inner):
    tensorstore = pytest.importorskip("tensorstore")
    if not inner["store"].endswith(".zarr"):
        pytest.skip("tensorstore's own icechunk driver is not in its wheel")
    for name in inner["bands"]:
        kvstore = {"driver": "file", "path": f"{inner['store']}/{name}/"}
        array = tensorstore.open({"driver": "zarr3", "kvstore": kvstore}).result()
        np.testing.assert_array_equal(array.read().result(), whole_pixels(inner, name))


def test_chunks_and_inner_chunks_are_left_out_where_zarr_python_leaves_them_out(inner, tmp_path):
    if not inner["store"].endswith(".zarr"):
        pytest.skip("files are compared")
    for name in inner["bands"]:
        array = zarr.open_group(inner["store"], mode="r")[name]
        copy = zarr.create_array(
            tmp_path / name,
            shape=array.shape,
            chunks=array.chunks,
            shards=array.shards,
            dtype=array.dtype,
            fill_value=array.fill_value,
            compressors=None,
            config={"write_empty_chunks": False},
        )
        copy[:] = array[:]
        files = {path.relative_to(tmp_path / name) for path in (tmp_path / name / "c").rglob("*") if path.is_file()}
        ours = Path(inner["store"]) / name
        assert files == {path.relative_to(ours) for path in (ours / "c").rglob("*") if path.is_file()}
        for file in files:
            assert absent(ours / file, array) == absent(tmp_path / name / file, array)


def absent(path, array):
    """Which inner chunks a chunk has no bytes of."""
    count = int(np.prod(array.shards) // np.prod(array.chunks))
    index = np.frombuffer(path.read_bytes()[-16 * count - 4 : -4], "<u8").reshape(count, 2)
    return [i for i, entry in enumerate(index) if (entry == 2**64 - 1).all()]
