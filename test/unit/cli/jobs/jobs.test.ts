import { describe, expect, test } from 'vitest';
import { awsBatchJob } from '../../../../src/cli/jobs/aws-batch.js';
import { googleBatchJob } from '../../../../src/cli/jobs/google-batch.js';
import type { Job } from '../../../../src/cli/jobs/job.js';
import { kubernetesJob } from '../../../../src/cli/jobs/kubernetes.js';
import { heredoc, oneLine, shellWord, yamlOf } from '../../../../src/cli/jobs/quoted.js';
import { slurmJob } from '../../../../src/cli/jobs/slurm.js';
import { snakemakeJob } from '../../../../src/cli/jobs/snakemake.js';

const JOB: Job = {
  name: 'night',
  shards: 40,
  config: '/home/me/night.json',
  settings: new Map([
    ['store', 's3://bucket/tctrend'],
    ['bbox', '122,71.5,130,74'],
    ['project', 'my-project'],
    ['failed', 'failed.ndjson'],
    ['log-file', 'night.log'],
  ]),
  ...{ cores: 2, memoryMiB: 2048, seconds: 43_200 },
  ...{ image: 'registry.example/geocubes:1', queue: 'short', location: 'europe-west4' },
};

test.each([
  ['Slurm', slurmJob],
  ['Kubernetes', kubernetesJob],
  ['AWS Batch', awsBatchJob],
  ['Google Batch', googleBatchJob],
  ['Snakemake', snakemakeJob],
])('what is written for %s is as it was', (_, write) => {
  expect(write(JOB)).toMatchSnapshot();
});

describe('words', () => {
  test.each([
    ['plain/word-1.json', 'plain/word-1.json'],
    ['', "''"],
    ["it's", `'it'\\''s'`],
    ['$(touch x) `y` "z" \\ *', `'$(touch x) \`y\` "z" \\ *'`],
    ['two\nlines', `'two\nlines'`],
    ['-ä', "'-ä'"],
  ])('of a shell: %j is %j', (word, quoted) => {
    expect(shellWord(word)).toBe(quoted);
  });

  test('a heredoc ends where no line of its text could end it', () => {
    expect(heredoc('a\nEND\nEND_')).toBe("<<'END__'\na\nEND\nEND_\nEND__");
  });

  test('a comment stays one line', () => {
    expect(oneLine('a\nrm -rf x\u2028y')).toBe('a?rm -rf x?y');
  });

  test('YAML has nested lists and objects, and leaves out what is not said', () => {
    expect(
      yamlOf({ a: [{ b: 'x: #', c: undefined, d: [1, 2] }], 'e f': {}, g: [], h: [[{ i: true }]] }),
    ).toBe('\na:\n- b: "x: #"\n  d: [1,2]\n"e f":\ng: []\nh:\n- - i: true');
  });
});
