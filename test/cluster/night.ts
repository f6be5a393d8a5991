import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { Cube, TileState } from '../../src/index.js';
import { cleanEnvironment, MAIN } from '../e2e/command.js';
import { parsePage } from '../e2e/readme/markdown.js';
import type { S3Server } from '../fault/machines/s3-servers.js';
import { type Calm, datasetOf, ROI } from '../fault/support/disturbed-cubes.js';
import { readPages } from '../pages.js';
import { PATIENT } from '../patience.js';
import { HeldService } from './held-service.js';
import type { SlurmCluster } from './slurm.js';

const call = promisify(execFile);

const RESOLUTION = 0.02;

/** Tiles of so many pixels along a side. */
export const datasetOfChunks = (chunk: number) => datasetOf(chunk, RESOLUTION);

/** The commands and the settings of the page for clusters. */
export function pageForSlurm(): { commands: readonly string[]; settings: object } {
  const page = readPages().find(({ file }) => file === 'src/cube/shards/README.md');
  const { blocks } = parsePage(page?.text ?? '');
  const typed = blocks.find(({ text }) => text.includes('bash night.sh'))?.text ?? '';
  const settings = blocks.find(({ language }) => language === 'json')?.text ?? '';
  const commands = typed.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim());
  return { commands, settings: JSON.parse(settings) };
}

export interface NightOptions {
  readonly cluster: SlurmCluster;
  readonly s3: S3Server;
  /** The cube as one process fills it; {@link datasetOfChunks}. */
  readonly calm: Calm;
  readonly chunk: number;
  readonly shards: number;
  /** Replies that each shard gets before the service stands still. */
  readonly free: number;
  /** Settings beside those of the page. */
  readonly settings?: object;
}

/** What one handed in. */
export interface HandedIn {
  readonly array: string;
  readonly finaliser: string;
}

/**
 * One night's run as the page for clusters tells its reader to make it: a folder that all nodes see, with the command
 * on the PATH, and settings; an empty cube in an S3; a service that stands still in the middle.
 */
export class Night {
  private constructor(
    readonly folder: string,
    readonly store: string,
    readonly service: HeldService,
    private readonly env: Record<string, string>,
  ) {}

  static async prepare(folder: string, name: string, options: NightOptions): Promise<Night> {
    const { calm, chunk, shards, free, cluster, s3 } = options;
    const here = join(folder, name);
    await mkdir(join(here, 'bin'), { recursive: true });
    const command = join(here, 'bin', 'geocubes');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    await chmod(command, 0o755);
    const side = chunk * RESOLUTION;
    const service = await HeldService.start({ calm, side, shards, free });
    const store = s3.store(name);
    const page = { ...pageForSlurm().settings, store, endpoint: service.url, project: 'test' };
    const settings = { ...page, ...options.settings };
    await writeFile(join(here, 'night.json'), JSON.stringify(settings));
    await writeFile(join(here, 'dataset.json'), JSON.stringify(calm.dataset));
    const env = Object.entries(cleanEnvironment()).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(?:SLURM|SBATCH)/.test(entry[0]),
    );
    return new Night(here, store, service, {
      ...Object.fromEntries(env),
      ...{ ...s3.env, ...cluster.env, GEOCUBES_TOKEN: 'loopback' },
      PATH: [join(here, 'bin'), process.env.PATH].join(delimiter),
    });
  }

  /** A line of a shell, as the page's reader types it. @returns what it prints */
  async type(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { stdout } = await call('bash', ['-c', line.replace(/^npx /, '')], {
      cwd: this.folder,
      env: { ...this.env, ...env },
    });
    return stdout;
  }

  async create(): Promise<void> {
    await this.type(`npx geocubes create --store ${this.store} --dataset dataset.json --quiet`);
  }

  /** Hands in what `geocubes job slurm` prints, as it is printed. */
  async handIn(job: string, env: Readonly<Record<string, string>> = {}): Promise<HandedIn> {
    await this.type(`${job} > night.sh`);
    return handedIn(await this.type('bash night.sh', env));
  }

  /** Resolves when each shard stands in the middle, and everything is committed that it has got. */
  async isInTheMiddle(): Promise<void> {
    const { service } = this;
    await expect.poll(() => service.isInTheMiddle, { ...PATIENT }).toBe(true);
    await expect.poll(() => this.loaded(), { ...PATIENT, interval: 500 }).toBe(service.passed);
  }

  async loaded(): Promise<number> {
    const states = await (await Cube.open(this.store)).tileStates(ROI);
    return states.filter(({ state }) => state !== TileState.notLoaded).length;
  }

  /** What the tasks of a job have written, one after the other. */
  async logs(pattern: RegExp): Promise<string> {
    const names = (await readdir(this.folder)).filter((name) => pattern.test(name)).sort();
    const texts = names.map(async (name) => `== ${name}\n${await this.log(name)}`);
    return (await Promise.all(texts)).join('\n');
  }

  log(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8');
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

export function handedIn(said: string): HandedIn {
  const [, array = '', finaliser = ''] = /^shards: (\d+), finaliser: (\d+)\n$/.exec(said) ?? [];
  expect(said, 'what is handed in').toMatch(/^shards: \d+, finaliser: \d+\n$/);
  return { array, finaliser };
}
