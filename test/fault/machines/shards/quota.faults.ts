/**
 * Eight shards of one cube behind one quota server, which is killed in the middle and started again.
 *
 * No clock decides: the service answers its oldest request when all of its places are taken, and only then. A place
 * that stays free, wherever it is lost, stops everything; so what is counted between two answers is what a service
 * that is always full has served.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';
import { cleanEnvironment, MAIN } from '../../../e2e/command.js';
import { environmentFor } from '../../../e2e/loopback-cubes.js';
import { PATIENT } from '../../../patience.js';
import {
  type Calm,
  datasetOf,
  expectEqualCubes,
  fillCalmly,
  ingestArgs,
  type Watched,
  Workplace,
  watchCommand,
} from '../../support/disturbed-cubes.js';

const PROCESSES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8'];
const PLACES = 40;
/** Of 640 tiles, 80 for each shard: no shard is through with its own when the last of these is given. */
const ANSWERS = { middle: 160, away: 80, back: 80 };
const LEAST_FAIR = 0.95;

let calm: Calm;
let place: Workplace;
let loopback: LoopbackServer;
let service: FullService;
let quota: ChildProcess | undefined;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(25, 0.0125));
  place = await Workplace.open(calm.dataset);
  loopback = await startLoopback();
  service = await FullService.start(loopback.url);
});

afterAll(async () => {
  quota?.kill('SIGKILL');
  await service?.close();
  await loopback?.close();
  await place?.remove();
});

interface Held {
  readonly process: string;
  readonly answer: () => void;
}

/** A service that has so many places, refuses what is beyond them, and answers requests for pixels when it is told to. */
class FullService {
  readonly bodies: string[] = [];
  readonly answered = new Map<string, number>();
  refused = 0;
  most = 0;
  #held: Held[] = [];
  #isOpen = false;

  private constructor(
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(behind: string): Promise<FullService> {
    let service: FullService | undefined;
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const [, project] = /^\/v1\/projects\/(\w+)\/image:/.exec(request.url ?? '') ?? [];
      if (project !== undefined && !(await service?.place(project, String(body)))) {
        response.writeHead(429, { 'content-type': 'application/json' });
        response.end(
          '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded"}}',
        );
        return;
      }
      const reply = await fetch(`${behind}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization: request.headers.authorization ?? '', 'x-by-hand': 'passed on' },
        ...(body.length === 0 ? {} : { body }),
      });
      response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' });
      response.end(new Uint8Array(await reply.arrayBuffer()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    service = new FullService(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    return service;
  }

  /** Resolves when the request is to be answered; with false at once where it is one too many. */
  place(process: string, body: string): Promise<boolean> | boolean {
    this.bodies.push(body);
    if (this.#isOpen) return true;
    if (this.#held.length >= PLACES) {
      this.refused++;
      return false;
    }
    return new Promise((resolve) => {
      this.#held.push({ process, answer: () => resolve(true) });
      this.most = Math.max(this.most, this.#held.length);
    });
  }

  /** In order: how many requests each process has under way. */
  get underWay(): number[] {
    return PROCESSES.map((name) => this.#held.filter(({ process }) => process === name).length);
  }

  async isFull(): Promise<void> {
    await vi.waitFor(() => expect(this.#held).toHaveLength(PLACES), PATIENT);
  }

  /** So many answers, the oldest request first, each when all places are taken. @returns how many each process got */
  async answer(count: number): Promise<number[]> {
    const got = new Map(PROCESSES.map((name) => [name, 0]));
    for (let i = 0; i < count; i++) {
      await this.isFull();
      const oldest = this.#held.shift() as Held;
      got.set(oldest.process, (got.get(oldest.process) ?? 0) + 1);
      oldest.answer();
    }
    await this.isFull();
    return [...got.values()];
  }

  /** From here on whatever comes is answered. */
  open(): void {
    this.#isOpen = true;
    for (const { answer } of this.#held.splice(0)) answer();
  }
}

interface QuotaServer {
  readonly port: number;
  /** Names of processes that have joined and are there. */
  readonly joined: () => number;
}

async function startQuota(port: number): Promise<QuotaServer> {
  const args = ['quota', '--concurrency', String(PLACES), '--rate', '1000', '--port', String(port)];
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  quota = child;
  let said = '';
  child.stdout.on('data', (piece) => {
    said += String(piece);
  });
  await vi.waitFor(() => expect(said).toContain('Ctrl-C stops it.'), PATIENT);
  const [, taken = ''] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
  return {
    port: Number(taken),
    // A busy machine may make one join again.
    joined: () => new Set(said.match(/\S+(?= joined, )/g)).size,
  };
}

/** Jain's index: 1 where all have had the same, 1/n where one had all. */
function fairness(counts: readonly number[]): number {
  const sum = counts.reduce((all, count) => all + count, 0);
  return sum ** 2 / (counts.length * counts.reduce((all, count) => all + count * count, 0));
}

test('eight shards behind a quota server keep every place of the service taken, with equal parts, also while the server is killed and when it is back; nothing is refused, nothing is fetched twice, nothing fails', async () => {
  const store = await place.createCube('quota', '');
  const first = await startQuota(0);
  const url = `http://127.0.0.1:${first.port}`;
  const runs: Watched[] = [];
  for (const [i, name] of PROCESSES.entries()) {
    const shard = `${i + 1}/${PROCESSES.length}`;
    const more = ['--shard', shard, '--concurrency', String(PLACES), '--quota', url, '--verbose'];
    const env = { ...environmentFor(service), GEOCUBES_PROJECT: name };
    runs.push(watchCommand(ingestArgs(store, ...more), env));
    await vi.waitFor(() => expect(first.joined()).toBe(i + 1), PATIENT);
  }
  // Whoever came first had more: one answer after another, until each has its part.
  const equal = PROCESSES.map(() => PLACES / PROCESSES.length);
  while (service.underWay.some((count, i) => count !== equal[i])) await service.answer(1);
  const middle = await service.answer(ANSWERS.middle);
  quota?.kill('SIGKILL');
  for (const { child } of runs) expect(child.exitCode).toBeNull();
  const away = await service.answer(ANSWERS.away);
  const second = await startQuota(first.port);
  await vi.waitFor(() => expect(second.joined()).toBe(PROCESSES.length), PATIENT);
  const back = await service.answer(ANSWERS.back);
  console.log(
    `answers by process: ${middle.join(' ')}; without the server ${away.join(' ')}; with it again ${back.join(' ')}`,
  );
  for (const counts of [middle, away, back])
    expect(fairness(counts)).toBeGreaterThanOrEqual(LEAST_FAIR);
  service.open();
  for (const { ended } of runs) {
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(0);
    const told = stderr.split('\n').filter((line) => line.startsWith('geocubes: '));
    expect(told.join('\n')).toMatch(
      /^geocubes: the quota server at \S+ is away \(.*\): up to 5 requests at a time until it is back\ngeocubes: the quota server at \S+ is back/,
    );
  }
  expect({ refused: service.refused, most: service.most }).toEqual({ refused: 0, most: PLACES });
  expect(service.bodies).toHaveLength(calm.tiles);
  expect(new Set(service.bodies).size).toBe(calm.tiles);
  await expectEqualCubes(store, calm);
});
