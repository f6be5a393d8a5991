import ee
import numpy as np
import pytest
import rasterio
from google.oauth2.credentials import Credentials
from make_scenes import YEARS


def pytest_addoption(parser):
    parser.addoption("--server", required=True, help="URL of the loopback server")
    parser.addoption("--recipes-server", required=True, help="URL of the server of the scenes of test/e2e/recipes")
    parser.addoption("--folder", required=True, help="the folder of make_scenes.py that it serves")
    parser.addoption("--cube", help="pixels of a cube that the command filled, and how it was made")


@pytest.fixture(scope="session", autouse=True)
def service(pytestconfig):
    """The official client, unchanged: only the address and the token are this server's."""
    ee.Initialize(
        credentials=Credentials("loopback"), url=pytestconfig.getoption("--server"), project="interop"
    )


@pytest.fixture(scope="session")
def folder(pytestconfig):
    return pytestconfig.getoption("--folder")


@pytest.fixture(scope="session")
def scene(folder):
    """Masked [band, y, x] as rasterio reads it."""
    with rasterio.open(f"{folder}/scene.tif") as file:
        return file.read(masked=True)


@pytest.fixture(scope="session")
def stack(folder):
    """Masked [year, band, y, x]."""
    years = []
    for year in YEARS:
        with rasterio.open(f"{folder}/y{year}.tif") as file:
            years.append(file.read(masked=True))
    return np.ma.stack(years)
