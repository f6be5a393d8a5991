/** A service, a quota server and processes that use both, in a time that the test turns: no sockets, no waiting. */
import { setMaxListeners } from 'node:events';
import { vi } from 'vitest';
import { AdaptiveLimiter } from '../../../src/earth-engine/adaptive-limiter.js';
import { seededRandom } from '../../../src/loopback/index.js';
import { SlotBook } from '../../../src/quota/book.js';
import { type FromServer, readHolder, readServer } from '../../../src/quota/messages.js';
import { type Connect, QuotaClient, type QuotaNotice } from '../../../src/quota/quota-client.js';
import { partRoundedDown } from '../../../src/quota/shares.js';

export const LEASE_MS = 10_000;
export const WINDOW_MS = 1_010;

/** From here on only {@link World.run} lets time pass. */
export function stopTime(): void {
  vi.useFakeTimers({
    toFake: [
      ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const),
      ...(['setImmediate', 'clearImmediate', 'performance'] as const),
    ],
  });
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(7));
}

export function letTimeGo(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
}

export interface Limits {
  readonly concurrency: number;
  readonly rate: number;
}

/** Counts as a service does, and refuses nothing: it notes what it would have refused. */
export class Service {
  #starts: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  mostInASecond = 0;
  readonly served = new Map<string, number>();

  async answer(process: string, ms: number): Promise<void> {
    const now = performance.now();
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.#starts = [...this.#starts.filter((at) => at > now - 1_000), now];
    this.mostInASecond = Math.max(this.mostInASecond, this.#starts.length);
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.inFlight--;
    this.served.set(process, (this.served.get(process) ?? 0) + 1);
  }

  get total(): number {
    return [...this.served.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** Jain's index of fairness: 1 where all have had the same, 1/n where one had all. */
export function jain(counts: readonly number[]): number {
  const sum = counts.reduce((all, count) => all + count, 0);
  const squares = counts.reduce((all, count) => all + count * count, 0);
  return sum ** 2 / (counts.length * squares);
}

/** Milliseconds that a line takes each way. */
const WAY_MS = 3;

export class World {
  readonly service = new Service();
  readonly notices: (QuotaNotice & { readonly process: string })[] = [];
  readonly clients: QuotaClient[] = [];
  book: SlotBook | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #generation = 0;
  readonly #hangUps = new Set<() => void>();
  #isOver = false;

  constructor(readonly limits: Limits) {}

  /** Lets time pass. */
  run(ms: number): Promise<unknown> {
    return vi.advanceTimersByTimeAsync(ms);
  }

  startServer(): void {
    const { concurrency, rate } = this.limits;
    const book = new SlotBook({
      ...{ concurrency, rate, windowMs: WINDOW_MS, leaseMs: LEASE_MS, turnMs: 2_000 },
      now: () => performance.now(),
    });
    this.book = book;
    this.#ticking = setInterval(() => book.tick(), 500);
  }

  /** As SIGKILL does: nobody is told, and every connection breaks. */
  killServer(): void {
    this.book = undefined;
    this.#generation++;
    clearInterval(this.#ticking);
    for (const hangUp of this.#hangUps) hangUp();
    this.#hangUps.clear();
  }

  /** What a process connects with; lines take their time. Cut, as by SIGKILL, nothing goes either way. */
  #connect = async (
    handlers: Parameters<Connect>[0],
    isDead: () => boolean,
  ): Promise<Awaited<ReturnType<Connect>>> => {
    await new Promise((resolve) => setTimeout(resolve, WAY_MS));
    const { book } = this;
    if (book === undefined) throw new Error('nothing answers');
    const generation = this.#generation;
    let isOpen = true;
    let id = '';
    const hangUp = () => {
      if (!isOpen) return;
      isOpen = false;
      handlers.onClose('the connection broke');
    };
    this.#hangUps.add(hangUp);
    const later = (work: () => void) =>
      setTimeout(() => {
        if (generation === this.#generation && !isDead()) work();
      }, WAY_MS);
    const tell = (message: FromServer) => {
      const read = readServer(JSON.stringify(message)) as FromServer;
      later(() => {
        if (isOpen) handlers.onMessage(read);
      });
    };
    const hear = (line: string) => {
      const message = readHolder(line);
      if (message === undefined) throw new Error(`Expected a message but received ${line}`);
      if (message.type === 'join') {
        id = message.id;
        book.join(message, tell);
      } else if (message.type === 'state') book.hear(id, message);
      else book.leave(id);
    };
    return {
      proof: undefined,
      send: (line) => {
        if (isOpen) later(() => hear(line));
      },
      close: () => {
        isOpen = false;
        this.#hangUps.delete(hangUp);
        later(() => book.lose(id));
      },
    };
  };

  /** One more process, which has a bounded number of requests waiting all the time. */
  async addProcess(
    name: string,
    {
      latency,
      waiting = 60,
      shards,
      start = 8,
    }: { latency: () => number; waiting?: number; shards?: number; start?: number },
  ): Promise<{ readonly client: QuotaClient; stop(): void; die(): void }> {
    const { concurrency, rate } = this.limits;
    let isDead = false;
    const opened = QuotaClient.open({
      connect: (handlers) => this.#connect(handlers, () => isDead),
      name,
      fallback: (holders) => {
        const n = Math.max(shards ?? holders, 1);
        return { places: partRoundedDown(concurrency, n), starts: partRoundedDown(rate, n) };
      },
      onNotice: (notice) => this.notices.push({ ...notice, process: name }),
    });
    await this.run(20);
    const client = await opened;
    this.clients.push(client);
    const limiter = new AdaptiveLimiter({
      share: client,
      ceiling: concurrency,
      start,
      perSecond: 1e9,
    });
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const work = async () => {
      while (!this.#isOver && !controller.signal.aborted)
        await limiter
          .run(async (report) => {
            await this.service.answer(name, latency());
            report('healthy');
          }, controller.signal)
          .catch(() => {});
    };
    for (let i = 0; i < waiting; i++) void work();
    const stop = () => controller.abort();
    const die = () => {
      stop();
      isDead = true;
    };
    return { client, stop, die };
  }

  async end(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#ticking);
    for (const client of this.clients) await client.close();
  }
}
