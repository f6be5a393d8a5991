"""The time axis of temporal cubes, as xarray and zarr understand it."""

import numpy as np
import pandas as pd
import rasterio
import rioxarray  # noqa: F401  registers the .rio accessor
from cube import assert_same_pixels


def starts_of(cube):
    return pd.DatetimeIndex([step.removesuffix("Z") for step in cube.steps])


def test_xarray_decodes_the_start_of_each_step(temporal_cube):
    times = temporal_cube.dataset().indexes["time"]
    assert list(times) == list(starts_of(temporal_cube))


def test_the_stored_numbers_are_those_that_xarray_would_store(temporal_cube):
    raw = temporal_cube.dataset(decode_times=False)["time"]
    assert raw.dtype == np.int64
    assert raw.attrs["calendar"] == "proleptic_gregorian"
    unit = "hours" if temporal_cube.name == "listed" else "days"
    first = starts_of(temporal_cube)[0]
    assert raw.attrs["units"] == f"{unit} since {first:%Y-%m-%d %H:%M:%S}"
    # An extended one keeps the chunks it had: those of three years.
    chunks = (3,) if temporal_cube.name.startswith("extended") else raw.shape
    assert temporal_cube.group["time"].chunks == chunks


def test_bands_have_the_dimensions_time_y_x_and_chunks_of_one_step(temporal_cube):
    dataset = temporal_cube.dataset()
    assert set(dataset.data_vars) == set(temporal_cube.bands)
    assert set(dataset.coords) == {"time", "y", "x", "spatial_ref"}
    for name in temporal_cube.bands:
        assert dataset[name].dims == ("time", "y", "x")
        assert dataset[name].shape == (len(temporal_cube.steps), *temporal_cube.shape)
        assert temporal_cube.group[name].chunks == (1, *temporal_cube.chunk)


def test_pixels_of_every_step_are_those_that_the_javascript_side_reads(temporal_cube):
    for name, expected in temporal_cube.expected.items():
        rows, cols = temporal_cube.window
        assert_same_pixels(temporal_cube.group[name][:, rows, cols], expected, name)
        distinct = {step.tobytes() for step in expected}
        assert len(distinct) == len(temporal_cube.steps)


def test_a_year_or_a_month_is_selected_by_its_name(temporal_cube):
    name = "2024-02" if temporal_cube.name == "monthly" else "2018"
    picked = temporal_cube.dataset(mask_and_scale=False)[temporal_cube.bands[0]].sel(time=name)
    index = [step.startswith(name) for step in temporal_cube.steps].index(True)
    assert picked.sizes["time"] == 1
    rows, cols = temporal_cube.window
    expected = temporal_cube.expected[temporal_cube.bands[0]][index : index + 1]
    assert_same_pixels(picked.values[:, rows, cols], expected, name)


def test_each_step_is_the_median_that_numpy_computes_of_its_rasters(composite_cube):
    dataset = composite_cube.dataset()
    assert dataset.sizes["time"] == len(composite_cube.scenes["files"])
    for step, files in zip(dataset.indexes["time"], composite_cube.scenes["files"], strict=True):
        expected = median_of(files, composite_cube.scenes["bright"])
        for name, values in zip(composite_cube.bands, expected, strict=True):
            actual = dataset[name].sel(time=step).values
            assert 0 < np.isnan(actual).sum() < actual.size / 2
            assert_same_pixels(actual, values, f"{name} of {step}")


def median_of(files, bright):
    """[band, y, x] in float32, NaN where no raster has a valid pixel."""
    shots = []
    for file in files:
        with rasterio.open(file) as raster:
            shots.append(raster.read(masked=True))
    shots = np.ma.masked_greater_equal(np.ma.stack(shots), bright)
    return np.ma.median(shots.astype(np.float64), axis=0).filled(np.nan).astype(np.float32)


def test_rioxarray_finds_the_crs_of_a_step(temporal_cube):
    step = temporal_cube.dataset()[temporal_cube.bands[0]].isel(time=0)
    assert f"EPSG:{step.rio.crs.to_epsg()}" == temporal_cube.crs
    assert step.rio.transform() == temporal_cube.transform


def test_ledger_has_the_states_of_each_step(temporal_cube):
    ledger = temporal_cube.group["geocubes/ledger"]
    rows, cols = -(-np.array(temporal_cube.shape) // temporal_cube.chunk)
    assert ledger.shape == (len(temporal_cube.steps), rows, cols)
    assert ledger.chunks == (1, 64, 64)
    assert ledger.metadata.dimension_names == ("time", "tile_row", "tile_col")
    expected = np.zeros(ledger.shape, ledger.dtype)
    for index, state in temporal_cube.tiles.items():
        expected[index] = state
    assert_same_pixels(ledger[:] & 3, expected, f"ledger of {temporal_cube.name}")


def test_what_is_known_of_the_tiles_fetches_is_as_long_as_the_ledger(temporal_cube):
    fetches = temporal_cube.group["geocubes/fetches"]
    steps, rows, cols = temporal_cube.group["geocubes/ledger"].shape
    assert fetches.shape == (steps, 3, rows, cols)
    assert fetches.metadata.dimension_names == ("time", "field", "tile_row", "tile_col")
    loaded = temporal_cube.group["geocubes/ledger"][:] & 3 > 0
    times, sources = fetches[:, 0], fetches[:, 1]
    assert (times[loaded] > pd.Timestamp("2024-01-01").timestamp() * 1000).all()
    assert (times[~loaded] == 0).all()
    (source,) = fetches.attrs["sources"]
    assert source["name"] in ("projects/geocubes/assets/demo_annual", "expression")
    assert len(source["hash"]) == 64
    assert (sources[loaded] == 1).all()
