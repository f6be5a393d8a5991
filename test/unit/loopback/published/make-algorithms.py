"""Writes `algorithms.json`: what Earth Engine publishes of the functions that the loopback server evaluates.

    pip install earthengine-api==1.7.50
    node dist/cli/main.js loopback --port 8787 &
    python make-algorithms.py http://127.0.0.1:8787 > algorithms.json

The published list comes with the Python client (ee/tests/algorithms.json; Copyright Google LLC,
licensed under the Apache License, Version 2.0). Descriptions are left out, and so is every function
that the server does not list.
"""

import json
import sys
import urllib.request
from importlib.metadata import version
from importlib.resources import files

KEPT = ("name", "returnType", "arguments")
KEPT_OF_ARGUMENT = ("argumentName", "type", "optional", "defaultValue")


def list_served(url):
    request = urllib.request.Request(
        f"{url}/v1/projects/demo/algorithms", headers={"Authorization": "Bearer loopback"}
    )
    with urllib.request.urlopen(request) as reply:
        return {entry["name"] for entry in json.load(reply)["algorithms"]}


def pick(record, keys):
    return {key: record[key] for key in keys if key in record}


def main(url):
    served = list_served(url)
    published = json.loads(files("ee").joinpath("tests/algorithms.json").read_text())["algorithms"]
    algorithms = [pick(entry, KEPT) for entry in published if entry["name"] in served]
    for entry in algorithms:
        entry["arguments"] = [pick(each, KEPT_OF_ARGUMENT) for each in entry.get("arguments", [])]
    notice = f"From earthengine-api {version('earthengine-api')}, Copyright Google LLC, Apache License 2.0."
    lines = ",\n".join(json.dumps(entry) for entry in sorted(algorithms, key=lambda entry: entry["name"]))
    print(f'{{"notice": {json.dumps(notice)}, "algorithms": [\n{lines}\n]}}')


if __name__ == "__main__":
    main(*sys.argv[1:])
