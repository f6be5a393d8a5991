import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { connectTo, parseQuotaUrl } from '../../../src/quota/link.js';
import { QuotaClient, type QuotaNotice } from '../../../src/quota/quota-client.js';
import { type QuotaEvent, type QuotaServer, startQuotaServer } from '../../../src/quota/server.js';
import { PATIENT } from '../../patience.js';

const SECRET = 'correct horse battery staple';
const open: { close(): Promise<void> }[] = [];
let events: QuotaEvent[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  events = [];
});

async function serve(options: Partial<Parameters<typeof startQuotaServer>[0]> = {}) {
  // What a server of an earlier test still tells is not of this one.
  const mine = events;
  const onEvent = (event: QuotaEvent) => mine.push(event);
  const server = await startQuotaServer({ concurrency: 8, rate: 100, onEvent, ...options });
  open.push(server);
  return server;
}

async function join(
  { url }: Pick<QuotaServer, 'url'>,
  secret?: string,
  onNotice?: (notice: QuotaNotice) => void,
): Promise<QuotaClient> {
  const client = await QuotaClient.open({
    connect: connectTo(new URL(url), secret),
    name: 'test',
    fallback: () => ({ places: 8, starts: 100 }),
    onNotice,
  });
  open.push(client);
  return client;
}

test('a process is lent what it has work for, gives it back, and leaves', async () => {
  const server = await serve();
  const client = await join(server);
  client.use(0, 5);
  await vi.waitFor(() => expect(client.places).toBe(5), PATIENT);
  const other = await join(server);
  other.use(0, 8);
  await vi.waitFor(() => expect([client.places, other.places]).toEqual([4, 4]), PATIENT);
  client.use(0, 0);
  await vi.waitFor(() => expect(other.places).toBe(8), PATIENT);
  await other.close();
  await vi.waitFor(
    () => expect(events.at(-1)).toMatchObject({ type: 'left', holders: 1 }),
    PATIENT,
  );
});

test('places above an allotment are lent to nobody before the requests in them have ended', async () => {
  const server = await serve({ leaseMs: 600_000 });
  const client = await join(server);
  client.use(0, 8);
  await vi.waitFor(() => expect(client.places).toBe(8), PATIENT);
  client.use(8, 8);
  const other = await join(server);
  other.use(0, 8);
  // The first has been told that it has four from now on, and has answered that it still uses eight.
  await vi.waitFor(
    () =>
      expect(server.holders.map(({ places, lent }) => [places, lent.places])).toEqual([
        [4, 8],
        [0, 0],
      ]),
    PATIENT,
  );
  // The server knows before the line has come.
  await vi.waitFor(() => expect([client.places, other.places]).toEqual([4, 0]), PATIENT);
  client.use(6, 8);
  await vi.waitFor(() => expect(other.places).toBe(2), PATIENT);
  client.use(4, 8);
  await vi.waitFor(() => expect(other.places).toBe(4), PATIENT);
});

describe('a secret', () => {
  test('that both know lets a process in', async () => {
    const client = await join(await serve({ secret: SECRET }), SECRET);
    client.use(0, 3);
    await vi.waitFor(() => expect(client.places).toBe(3), PATIENT);
  });

  test.each([
    ['another', SECRET, `${SECRET}!`, /to know the secret .* but it has another/],
    ['none at the server', undefined, SECRET, /to know the secret .* but it has none/],
    ['none at the process', SECRET, undefined, /Expected its secret in GEOCUBES_QUOTA_TOKEN/],
  ])('%s is told at once, without showing it', async (_, secret, given, words) => {
    const server = await serve({ secret });
    const failure = await join(server, given).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(InvalidInputError);
    expect((failure as Error).message).toMatch(words);
    expect((failure as Error).message).not.toContain(SECRET);
  });

  test('is not sent: whoever hears all of it cannot join with what was heard', async () => {
    const server = await serve({ secret: SECRET });
    const first = await speak(server, hello());
    expect(first).toMatch(/x-geocubes-proof: [\w-]{43}/);
    expect(first).not.toContain(SECRET);
    const proof = /x-geocubes-proof: ([\w-]+)/.exec(first)?.[1];
    // The server's own proof, sent back to it.
    expect(await speak(server, hello(), `${JSON.stringify({ ...JOIN, proof })}\n`)).toContain(
      '{"type":"refused","why":"secret"}',
    );
    expect(await speak(server, hello(), `${JSON.stringify(JOIN)}\n`)).toContain('"why":"secret"');
    expect(server.holders).toEqual([]);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1'])(
    'is asked for where other machines reach the server: %s',
    async (host) => {
      await expect(startQuotaServer({ concurrency: 1, rate: 1, host })).rejects.toThrow(
        /Expected a secret in GEOCUBES_QUOTA_TOKEN or --quota-token-file .* which other machines reach/,
      );
    },
  );
});

const NONCE = 'n'.repeat(32);
const JOIN = {
  type: 'join',
  id: 'by-hand-1',
  name: 'by hand',
  fallback: { places: 1, starts: 1 },
  state: { seq: 0, using: { places: 0, starts: 0 }, wanted: 1, sent: 0 },
};

function hello(more = ''): string {
  return `GET /v1/slots HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: geocubes-quota\r\nx-geocubes-nonce: ${NONCE}\r\n${more}\r\n`;
}

/** Says all of it, and hears until the server ends, or has said so much with the last word that it will. */
async function speak({ url }: QuotaServer, ...words: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (piece) => {
    heard += String(piece);
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  for (const [i, word] of words.entries()) {
    socket.write(word);
    if (i === 0) await vi.waitFor(() => expect(heard).toContain('\r\n\r\n'), PATIENT);
  }
  if (words.length === 1) socket.end();
  await closed;
  return heard;
}

describe('what comes in is bounded', () => {
  test.each([
    ['another path', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', '426 Upgrade Required'],
    ['another protocol', hello().replace('geocubes-quota', 'websocket'), '400 Bad Request'],
    ['no number drawn', hello().replace(NONCE, 'short'), '400 Bad Request'],
    ['long headers', hello(`x-long: ${'x'.repeat(20_000)}\r\n`), '431 Request Header'],
  ])('%s is refused', async (_, request, words) => {
    expect(await speak(await serve(), request)).toContain(words);
  });

  test.each([
    ['no JSON', 'hello\n'],
    ['a line without end', 'x'.repeat(10_000)],
    ['another message first', '{"type":"leave"}\n'],
    [
      'a number that is none',
      `${JSON.stringify({ ...JOIN, state: { ...JOIN.state, wanted: -1 } })}\n`,
    ],
    ['fields that nobody knows', `${JSON.stringify({ ...JOIN, admin: true })}\n`],
    ['a join twice', `${JSON.stringify(JOIN)}\n`.repeat(2)],
  ])('%s ends the connection', async (_, words) => {
    const server = await serve();
    expect(await speak(server, hello(), words)).toContain('{"type":"refused","why":"unreadable"}');
    expect(events.at(-1)?.type).toMatch(/refused|lost/);
  });

  test('a name is shown with nothing in it that acts', async () => {
    const server = await serve();
    const name = 'a\u001b[2Jb';
    await speak(
      server,
      hello(),
      `${JSON.stringify({ ...JOIN, name })}\n${JSON.stringify({ type: 'leave' })}\n`,
    );
    expect(events.map((event) => event.name)).toEqual(['a\\x1b[2Jb', 'a\\x1b[2Jb']);
  });
});

test('a server that ends is told of once, and one at the same place is found again', async () => {
  const notices: QuotaNotice[] = [];
  const first = await startQuotaServer({ concurrency: 8, rate: 100 });
  const client = await join(first, undefined, (notice) => notices.push(notice));
  client.use(0, 8);
  await vi.waitFor(() => expect(client.places).toBe(8), PATIENT);
  await first.close();
  await vi.waitFor(() => expect(notices).toHaveLength(1), PATIENT);
  expect(client.places).toBe(8);
  await serve({ port: Number(new URL(first.url).port) });
  await vi.waitFor(() => expect(notices).toHaveLength(2), PATIENT);
  expect(notices.map(({ isAway }) => isAway)).toEqual([true, false]);
});

test.each([
  'https://127.0.0.1:1',
  'http://user:secret@127.0.0.1:1',
  'http://127.0.0.1:1/path',
  '127.0.0.1:8788',
  'quota',
])('an address that is none of a quota server is refused, without its password: %s', (text) => {
  const parse = () => parseQuotaUrl(text, '--quota');
  expect(parse).toThrow(/Expected the URL of a quota server/);
  expect(parse).not.toThrow(/user:secret/);
});
