"""Makes time-axes.json: which steps pandas picks, and how xarray stores the axes.

    python -m venv /tmp/time && /tmp/time/bin/pip install pandas==3.1.1 xarray==2026.9.0 numpy==2.4.6
    /tmp/time/bin/python test/unit/dataset/make-time-fixtures.py

Periods and ranges are pandas' partial string slices (both ends included), nearest is get_indexer.
"""

import json
import pathlib

import numpy as np
import pandas as pd
import xarray as xr

AXES = {
    "1 year": ("2017-01-01", 9, pd.DateOffset(years=1)),
    "1 month": ("2018-11-01", 40, pd.DateOffset(months=1)),
    "3 months": ("2016-12-01", 12, pd.DateOffset(months=3)),
    "8 days": ("2019-12-03", 60, pd.DateOffset(days=8)),
    "6 hours": ("2020-02-28T18:00", 30, pd.DateOffset(hours=6)),
    "90 minutes": ("2020-02-28T18:30", 30, pd.DateOffset(minutes=90)),
    "1 second": ("2016-12-31T23:59:50", 20, pd.DateOffset(seconds=1)),
}
PERIODS = ["2017", "2019", "2020", "2020-02", "2020-02-29", "2020-02-29T06", "2020-03", "2018-12-01", "2017-01-01"]
RANGES = [
    ("2019", "2022"),
    ("2019-02", "2020-02"),
    ("2020-02-29", "2020-03-01"),
    ("2020", None),
    (None, "2019"),
    ("2019-06-30", "2020-01-01T00:00"),
]
INSTANTS = ["2017-07-02T12:00", "2018-12-15", "2020-02-29T03:00", "2020-02-29T09:00", "1990-01-01", "2090-01-01"]


def indices(axis, start, stop):
    found = axis.slice_indexer(start, stop)
    return list(range(len(axis)))[found]


def describe(step, start, count, offset):
    axis = pd.DatetimeIndex([pd.Timestamp(start) + offset * i for i in range(count)])
    stored = xr.conventions.encode_cf_variable(xr.Variable("time", axis))
    milliseconds = axis.as_unit("ms").asi8
    return {
        "record": {"kind": "regular", "start": start, "step": step, "count": count},
        "starts": milliseconds.tolist(),
        "units": stored.attrs["units"],
        "values": np.asarray(stored.values).tolist(),
        "periods": {text: indices(axis, text, text) for text in PERIODS},
        "ranges": [[start, stop, indices(axis, start, stop)] for start, stop in RANGES],
        "nearest": {text: int(axis.get_indexer([pd.Timestamp(text)], method="nearest")[0]) for text in INSTANTS},
    }


path = pathlib.Path(__file__).parent / "fixtures" / "time-axes.json"
versions = {"pandas": pd.__version__, "xarray": xr.__version__, "numpy": np.__version__}
axes = [describe(step, *rest) for step, rest in AXES.items()]
path.write_text(json.dumps({"versions": versions, "axes": axes}, indent=1) + "\n")
