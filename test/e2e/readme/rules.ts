/**
 * What becomes of each command that a page names. The first rule whose pattern matches counts; a command
 * without a rule, and a rule without a command, fail the test.
 */
import { expect } from 'vitest';
import type { Ended } from '../command.js';
import type { RunOptions } from './reader.js';

export type Rule = { readonly pattern: RegExp } & (
  | {
      /** Is run as the page has it, `change` apart. */
      readonly how: 'run';
      readonly change?: (text: string) => string;
      /** What it is to end with and to print; else with 0. */
      readonly expected?: Partial<Record<keyof Ended, unknown>>;
      readonly options?: RunOptions;
      /** Why it is not run as it is. */
      readonly because?: string;
    }
  | {
      /** Is a server: it is run, and so are the lines that it prints for its user. Then Ctrl-C. */
      readonly how: 'serve';
    }
  | {
      /** Is not run here, but where this file of the project says. */
      readonly how: 'elsewhere';
      readonly where: string;
    }
  | {
      /** Is for people and machines that no test has. */
      readonly how: 'left';
      readonly because: string;
    }
);

/** A command that the page names without what it needs. */
const completed = (more: string) => ({
  change: (text: string) => `npx geocubes ${text.replace(/^geocubes /, '')} ${more}`,
  because: 'the page names it in passing, without its store and region',
});

export const RULES: readonly Rule[] = [
  { pattern: /^npm start$/, how: 'elsewhere', where: 'test/e2e/demo.test.ts' },
  {
    pattern: /^(?:(?:npx geocubes )?(?:ingest|import) .*--view(?: 0)?|geocubes view)$/,
    how: 'elsewhere',
    where: 'test/e2e/viewed/run.test.ts',
  },
  {
    pattern: /^npx geocubes (?:load|status) cubes\/(?:delta|polar) /,
    how: 'elsewhere',
    where: 'test/e2e/wishes/wishes.test.ts',
  },
  {
    pattern: /^(?:GEOCUBES_NO_APT=1 npm start|npm run setup(?: -- --no-apt)?)$/,
    how: 'elsewhere',
    where: 'test/unit/setup/system-packages.test.ts',
  },
  { pattern: /^npm (?:test|run check|run test:interop)$/, how: 'elsewhere', where: '.ci/run' },
  {
    pattern: /^npm run release:check(?: -- --install)?$/,
    how: 'elsewhere',
    where: 'test/unit/setup/release.test.ts',
  },
  {
    pattern: /^npx geocubes setup$/,
    how: 'run',
    expected: { stderr: expect.stringMatching(/^setup: nothing to do /) },
  },
  { pattern: /^npm publish$/, how: 'left', because: 'it publishes' },
  { pattern: /^npm run format$/, how: 'left', because: 'it writes into the checkout' },
  {
    pattern: /^npx vitest run --config test\/vitest\.config\.ts \S+\.test\.ts$/,
    how: 'run',
    change: (text) => `cd "$CHECKOUT" && node node_modules/vitest/vitest.mjs ${text.slice(11)}`,
    because: "it is the checkout's own vitest, whose folder no reader's shell has",
    expected: { stdout: expect.stringMatching(/^vitest: [1-9]\d* passed, 0 failed/m) },
  },
  {
    pattern: /^(?:geocubes )?verify(?: --repair)?$/,
    how: 'elsewhere',
    where: 'test/fault/machines/power-cuts.faults.ts',
  },
  {
    pattern: /^npm run test:faults(?: -- --short)?$/,
    how: 'elsewhere',
    where: '.ci/run',
  },
  { pattern: /^npm run bench/, how: 'elsewhere', where: 'test/unit/bench/options.test.ts' },
  {
    pattern:
      /^node native-bench\/((limiter|growth|durability|cluster|large-tile|file-codecs)\/(run|large)|life\/history)\.mjs$/,
    how: 'left',
    because: 'a benchmark of minutes, whose results are kept',
  },
  { pattern: /^npm run site$/, how: 'elsewhere', where: 'scripts/release/check-site.mjs' },
  {
    pattern: /^node scripts\/write-api-page\.mjs$/,
    how: 'elsewhere',
    where: 'test/unit/setup/api-page.test.ts',
  },
  {
    pattern: /^GEOCUBES_LIVE=1 npx vitest/,
    how: 'left',
    because: 'it asks the live service, with an account',
  },
  {
    pattern: /^apt-get install libgdal-dev python3$/,
    how: 'elsewhere',
    where: 'scripts/bootstrap/gdal/choices.mjs',
  },
  {
    pattern: /^earthengine authenticate/,
    how: 'elsewhere',
    where: 'test/unit/earth-engine/credentials/credentials.test.ts',
  },
  {
    pattern: /^export GEOCUBES_TOKEN_COMMAND=/,
    how: 'left',
    because: "it asks Google for a token, by the Python client's login",
  },
  {
    pattern: /^geocubes status cubes\/x$/,
    how: 'run',
    change: () => 'npx geocubes status cubes/tctrend',
    because: 'the page names any cube',
  },
  {
    pattern: /^npm install \.\.\/smart-geocubes-native$/,
    how: 'run',
    change: () =>
      'npm install --offline --no-audit --no-fund "$CHECKOUT" && npm exec --offline -- geocubes --version',
    because: 'the checkout lies elsewhere, and the network stays out of it; npx is npm exec',
  },
  { pattern: /^gcloud auth application-default login$/, how: 'run' },
  {
    pattern: /^(npx )?geocubes doctor$/,
    how: 'run',
    // Without the token of the server, what gcloud left is found.
    options: { env: { GEOCUBES_TOKEN: undefined, GEOCUBES_PROJECT: undefined } },
    expected: {
      stdout: expect.stringMatching(
        /credentials\s+ok\s+from gcloud's.*\n.*project\s+ok\s+my-cloud-project/,
      ),
    },
  },
  {
    pattern: /^(?:geocubes )?doctor --live$/,
    how: 'elsewhere',
    where: 'test/interop/exchange/strict-service.test.mjs',
  },
  {
    pattern: /^geocubes (?:quota(?: |$)|ingest .* --quota )/,
    how: 'elsewhere',
    where: 'test/unit/quota/server.test.ts',
  },
  {
    pattern:
      /^(?:npx geocubes job kubernetes --config cloud\.json |geocubes (?:job(?: slurm)?|plan)$)/,
    how: 'elsewhere',
    where: 'test/e2e/help-examples.test.ts',
  },
  {
    pattern: /^(?:plan --shards 40|status --watch --shards 40|verify --shard 3\/40)$/,
    how: 'elsewhere',
    where: 'test/e2e/runs/shards.test.ts',
  },
  {
    pattern:
      /^(?:npx geocubes create --store s3:\/\/cubes\/tctrend|bash night\.sh$|cat geocubes-finalise|npm run test:cluster$)/,
    how: 'elsewhere',
    where: 'test/cluster/slurm.cluster.ts',
  },
  {
    pattern:
      /^(?:npx geocubes )?(?:ingest .*--own-store|finalise .*--merge|status --store cubes\/tctrend\.shard-)/,
    how: 'elsewhere',
    where: 'test/e2e/runs/own-stores.test.ts',
  },
  {
    pattern: /^(?:npx )?geocubes (?:view .*|overviews$)/,
    how: 'elsewhere',
    where: 'test/e2e/help-examples.test.ts',
  },
  {
    pattern: /^(?:ingest|import|finalise) --branch/,
    how: 'elsewhere',
    where: 'test/e2e/branches/branch.test.ts',
  },
  {
    pattern: /^status --missing$/,
    how: 'elsewhere',
    where: 'test/e2e/runs/tile-lists.test.ts',
  },
  {
    pattern: /^(?:mkdir -p \/shared\/buckets\/cubes$|ROOT_ACCESS_KEY=)/,
    how: 'elsewhere',
    where: 'test/fault/machines/s3-servers.ts',
  },
  { pattern: /^(?:kubectl|podman build) /, how: 'left', because: 'no test has a cluster' },
  { pattern: /^(npx )?geocubes loopback( --faults plan\.json)?$/, how: 'serve' },
  {
    pattern: /^npx geocubes (?:extend|drop|overviews|ingest|status) --store cubes\/alphaearth/,
    how: 'elsewhere',
    where: 'test/e2e/help-examples.test.ts',
  },
  {
    pattern: /^npx geocubes ingest --store cubes\/tctrend --bbox/,
    how: 'run',
    expected: { stdout: expect.stringMatching(/^4 tiles committed [\s\S]* 0 failed/) },
  },
  {
    pattern: /^npx geocubes status --store cubes\/tctrend --png/,
    how: 'run',
    expected: { stdout: expect.stringMatching(/ 4 tiles loaded, /) },
  },
  {
    pattern: /^npx geocubes ingest --config night\.json --until/,
    how: 'run',
    expected: { stdout: expect.stringMatching(/^2 tiles committed /) },
  },
  {
    pattern: /^npx geocubes verify/,
    how: 'run',
    expected: { stdout: expect.stringMatching(/^2 tiles: 2 loaded[\s\S]*No damage found/) },
  },
  {
    pattern: /^npx geocubes ingest --config night\.json --retry-failed/,
    how: 'run',
    expected: { stdout: expect.stringMatching(/^0 tiles committed /) },
  },
  {
    pattern: /^npx geocubes create --store cubes\/embeddings/,
    how: 'run',
    change: (text) => text.replace('AlphaEarth', 'embeddings.json'),
    because: 'a tile of AlphaEarth is 3.3 GB: the same images in small tiles',
  },
  {
    pattern: /^(npx geocubes import|find scenes .*\| npx geocubes import) /,
    how: 'run',
    expected: { stdout: expect.stringMatching(/^[1-9]\d* tiles? committed /) },
  },
  {
    pattern: /^npx geocubes (create|dataset|plan|ingest|finalise|job|load|status|tag|rollback) /,
    how: 'run',
  },
  { pattern: /^geocubes \w+ --help$/, how: 'run' },
  { pattern: /^ingest --dry-run$/, how: 'run', ...completed('--config night.json') },
  {
    pattern: /^plan --sample$/,
    how: 'run',
    ...completed('1 --store cubes/tctrend --bbox 129,72,129.1,72.1'),
    expected: { stdout: expect.stringMatching(/1 to fetch/) },
  },
  { pattern: /^geocubes import$/, how: 'run', ...completed('--help') },
  {
    pattern: /^create --like dem\.tif$/,
    how: 'run',
    ...completed('--store cubes/like --dataset cropland.json'),
  },
  {
    pattern: /^load --allow-missing$/,
    how: 'run',
    ...completed('--store cubes/tctrend --bbox 126,72,127,73 --out all.tif'),
  },
  {
    pattern: /^load --like$/,
    how: 'run',
    ...completed('dem.tif --store cubes/tctrend --out like.tif --overwrite'),
  },
];
