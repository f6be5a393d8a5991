"""Sums of a cube's bands, as icechunk reads them from an S3 at an address of its own.

python read_s3.py ENDPOINT BUCKET PREFIX BAND...
"""

import json
import sys

import icechunk
import numpy as np
import zarr

endpoint, bucket, prefix, *bands = sys.argv[1:]
storage = icechunk.s3_storage(
    bucket=bucket, prefix=prefix, region="us-east-1", endpoint_url=endpoint,
    allow_http=True, force_path_style=True, from_env=True,
)  # fmt: skip
group = zarr.open_group(icechunk.Repository.open(storage).readonly_session("main").store, mode="r")
sums = {name: int(group[name][:].sum(dtype=np.int64)) for name in bands}
print(json.dumps({"sums": sums, "loaded": len(group.attrs["loaded_patches"])}))
