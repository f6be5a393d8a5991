"""Cubes that live on: extended ones in smart-geocubes itself, and old snapshots expired as the pages say."""

import shutil
import sys
import types
from datetime import datetime, timedelta, timezone

import icechunk
import numpy as np
import pandas as pd
import pytest
import zarr
from cube import assert_same_pixels


# What its dependencies deprecate is their affair.
@pytest.mark.filterwarnings("ignore")
def test_smart_geocubes_opens_a_cube_that_was_extended(temporal_cube, monkeypatch):
    if temporal_cube.name != "extended":
        pytest.skip("not extended")
    # Only its reading is asked for; the service's client is imported on the way.
    monkeypatch.setitem(sys.modules, "ee", types.ModuleType("ee"))
    monkeypatch.setitem(sys.modules, "xee", types.ModuleType("xee"))
    alphaearth = pytest.importorskip("smart_geocubes.datasets.alphaearth")
    from odc.geo.geobox import GeoBox

    class Extended(alphaearth.AlphaEarthEmbeddings):
        extent = GeoBox.from_bbox((124, 72, 127, 74), "epsg:4326", resolution=0.02)
        chunk_size = 64
        temporal_extent = pd.date_range("2018-01-01", "2022-01-01", freq="YS")
        channels = list(temporal_cube.bands)

    cube = Extended(temporal_cube.record["store"], backend="simple")
    pixels = cube.open_xarray()
    assert list(pixels.time.dt.year.values) == [2018, 2019, 2020, 2021, 2022]
    for name, expected in temporal_cube.expected.items():
        stored = temporal_cube.group[name][:]
        assert stored.shape[0] == len(expected) == 5
        assert np.array_equal(np.nan_to_num(pixels[name].values, nan=0).astype(stored.dtype), stored)
    loaded = cube.open_zarr().attrs["loaded_patches"]
    assert sorted(loaded) == sorted("-".join(map(str, index)) for index in temporal_cube.tiles)


def test_old_snapshots_are_expired_and_collected_as_the_pages_say(temporal_cube, tmp_path):
    copy = tmp_path / "cube"
    shutil.copytree(temporal_cube.record["store"], copy)
    repo = icechunk.Repository.open(icechunk.local_filesystem_storage(str(copy)))
    before = datetime.now(timezone.utc) + timedelta(days=1)
    repo.expire_snapshots(older_than=before)
    repo.garbage_collect(delete_object_older_than=before)
    again = icechunk.Repository.open(icechunk.local_filesystem_storage(str(copy)))
    group = zarr.open_group(again.readonly_session("main").store, mode="r")
    for name in temporal_cube.bands:
        assert_same_pixels(group[name][:], temporal_cube.group[name][:], name)
    assert "filled" in again.list_tags()
