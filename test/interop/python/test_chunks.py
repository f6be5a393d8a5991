"""The stored bytes themselves: chunks lie where tiles are loaded, and Blosc frames are what zarr.json says."""

import asyncio
import struct
from typing import NamedTuple

import numpy as np
from cube import assert_same_pixels
from numcodecs import blosc
from zarr.core.buffer import default_buffer_prototype

LOADED = 1


class Frame(NamedTuple):
    """The 16 bytes before a Blosc 1 frame's blocks."""

    shuffle: str
    compressor: str
    typesize: int
    length: int
    stored: int


def parse_frame(data):
    _, _, flags, typesize, length, _, stored = struct.unpack("<BBBBIII", data[:16])
    shuffle = {0: "noshuffle", 1: "shuffle", 4: "bitshuffle"}[flags & 0b101]
    compressor = {0: "blosclz", 1: "lz4", 2: "snappy", 3: "zlib", 4: "zstd"}[flags >> 5]
    return Frame(shuffle, compressor, typesize, length, stored)


def stored_chunks(cube, name):
    """Every chunk of an array, by (row, col)."""

    async def read():
        chunks = {}
        # Icechunk lists below groups and arrays only.
        async for key in cube.store.list_prefix(f"{name}/"):
            if key == f"{name}/zarr.json":
                continue
            index = tuple(int(part) for part in key.removeprefix(f"{name}/c/").split("/"))
            chunks[index] = (await cube.store.get(key, default_buffer_prototype())).to_bytes()
        return chunks

    return asyncio.run(read())


def codecs_of(cube, name):
    return [codec.to_dict() for codec in cube.group[name].metadata.codecs]


def test_chunks_lie_only_where_tiles_are_loaded(cube):
    loaded = {index for index, state in cube.tiles.items() if state == LOADED}
    stored = [set(stored_chunks(cube, name)) for name in cube.bands]
    assert all(indices <= loaded for indices in stored)
    assert set.union(*stored) == loaded


def test_bands_use_codecs_of_the_specification_at_the_asked_level(cube):
    for name in cube.bands:
        serializer, compressor = codecs_of(cube, name)
        assert (serializer["name"], compressor["name"]) == ("bytes", "blosc")
        settings = compressor["configuration"]
        assert settings["typesize"] == cube.dtype.itemsize
        chosen = tuple(settings[key] for key in ("cname", "clevel", "blocksize"))
        assert chosen == {
            "default": ("zstd", 2, 2**20),
            "fast": ("lz4", 5, 2**18),
            "seed": ("zstd", 9, 0),
        }[cube.record["codec"]]
        assert settings["shuffle"] == ("bitshuffle" if cube.dtype.itemsize == 1 else "shuffle")


def test_blosc_frames_are_what_the_metadata_says(cube):
    for name in cube.bands:
        settings = codecs_of(cube, name)[1]["configuration"]
        for index, data in stored_chunks(cube, name).items():
            frame = parse_frame(data)
            assert frame == Frame(
                shuffle=settings["shuffle"],
                compressor=settings["cname"],
                typesize=settings["typesize"],
                length=int(np.prod(cube.chunk)) * cube.dtype.itemsize,
                stored=len(data),
            ), f"chunk {index} of {cube.name}/{name}"


def test_numcodecs_decodes_each_chunk_to_the_pixels_of_its_tile(cube):
    height, width = cube.chunk
    for name in cube.bands:
        whole = cube.group[name]
        for (row, col), data in stored_chunks(cube, name).items():
            decoded = blosc.decompress(data)
            pixels = np.frombuffer(decoded, cube.dtype.newbyteorder("<")).reshape(cube.chunk)
            tile = whole[row * height : (row + 1) * height, col * width : (col + 1) * width]
            # A chunk at the far edge is stored whole; only its part inside the grid is read.
            inside = pixels[: tile.shape[0], : tile.shape[1]]
            assert_same_pixels(inside, tile, f"chunk {row}/{col} of {cube.name}/{name}")
