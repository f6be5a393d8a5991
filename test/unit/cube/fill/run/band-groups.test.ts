import { expect, test } from 'vitest';
import { bandGroups } from '../../../../../src/cube/fill/run/band-groups.js';
import type { PixelRequest } from '../../../../../src/tile.js';

const geobox = { crs: 'EPSG:3413', shape: [4, 4], affine: [1, 0, 0, 0, -1, 0] } as const;

const request = (row: number, ...bands: number[]): PixelRequest => ({
  window: { row, col: 0, height: 2, width: 4 },
  ...{ geobox, bands, bytes: bands.length * 10 },
});

const groupsOf = (bands: number, ...requests: PixelRequest[]) =>
  bandGroups({ requests }, bands).map((group) => [
    group.bands,
    group.requests.map((each) => requests.indexOf(each)),
    group.bytes,
  ]);

test('requests that share a band are of one group, over whatever chain, and keep their order', () => {
  expect(
    groupsOf(
      6,
      ...[request(0, 4, 5), request(0, 0, 1), request(2, 1, 2), request(2, 5), request(0, 3)],
    ),
  ).toEqual([
    [[0, 1, 2], [1, 2], 40],
    [[3], [4], 10],
    [[4, 5], [0, 3], 30],
  ]);
});

test('bands that nobody asks for go with those that are asked for first', () => {
  expect(groupsOf(5, request(0, 2), request(2, 3))).toEqual([
    [[0, 1, 2, 4], [0], 10],
    [[3], [1], 10],
  ]);
});

test('without requests, as where files are read, all bands are one group of no bytes', () => {
  expect(groupsOf(3)).toEqual([[[0, 1, 2], [], 0]]);
});
