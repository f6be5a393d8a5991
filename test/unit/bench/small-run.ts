/** A run as native-bench/run.mjs writes it, small enough to be judged by hand. */

const samples = (ms: readonly number[], bytes = 100) =>
  ms.map((each) => ({
    ms: each,
    bytes,
    stages: { decode: each / 2, warp: 0, fill: each / 10, encode: each / 4 },
  }));

const contender = (kernel: string, threads: number, ms: readonly number[], bytes?: number) => ({
  name: `${kernel} ${threads}`,
  kernel,
  threads,
  samples: samples(ms, bytes),
  memory: { idle: 100, peak: 200 },
});

/** The same contender with processor time that was counted. */
const counted = (one: ReturnType<typeof contender>, cpuMs: readonly number[]) => ({
  ...one,
  samples: one.samples.map((sample, i) => ({ ...sample, cpuMs: cpuMs[i] })),
});

const command = (kernel: string, cpuMs: readonly number[]) => ({
  ...{ name: kernel, kernel, threads: 1 },
  samples: cpuMs.map((each) => ({ ms: 2 * each, cpuMs: each })),
});

const tile = {
  layout: 'uncompressed, band interleave',
  codec: { name: 'blosc', cname: 'zstd', clevel: 1, shuffle: 'bitshuffle', typesize: 1 },
  shape: [10, 20],
  bands: 3,
  gapShare: 0.002,
  bytesIn: 800,
  requests: 1,
  rawBytes: 600,
  probes: 7,
};

export const SMALL_RUN = {
  date: '2026-01-02',
  mode: 'full',
  seed: 1,
  threads: 2,
  seconds: 60,
  rounds: 3,
  machine: { cpu: 'A <processor>', cores: 2, memoryGiB: 8, os: 'an OS', load: 0.5 },
  versions: { node: '20.0.0', gdal: '3.6.2' },
  python: { python: '3.11.7' },
  tasks: {
    'whole-tile': {
      gaps: 0.002,
      cases: [
        {
          ...tile,
          id: 'default',
          contenders: [
            counted(contender('gdal', 1, [20, 200, 40], 111), [30, 63, 70]),
            contender('gdal', 2, [10, 10, 10], 111),
            contender('js', 1, [100, 1000, 100]),
            contender('js', 2, [49, 49, 49]),
            counted(contender('floor', 1, [10, 100, 20]), [30, 60, 50]),
            contender('python', 1, [2000]),
          ],
        },
        {
          ...tile,
          id: 'seed',
          contenders: [contender('gdal', 1, [900]), contender('floor', 1, [800])],
        },
      ],
    },
    memory: {
      side: 64,
      tiles: 14,
      bands: 3,
      threads: 2,
      ms: 1000,
      peakMiB: 953.6,
      // The climb of the first ten does not count; then 1 MiB a tile.
      residentMiB: [10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100, 101, 102, 103],
    },
    'start-up': {
      ...{ side: 3600, window: 256, bands: 3, rounds: 3 },
      contenders: [
        command('node', [80, 90, 80]),
        command('version', [190, 170, 150]),
        command('status', [230, 240, 220]),
      ],
    },
  },
};
