import { withoutUser } from '../credentials/secrecy.js';
import type { Credentials } from '../credentials.js';
import { newAgent } from '../http.js';
import { answerOf } from './answer.js';
import { type Clean, cleaner, cleanHeaders } from './clean.js';
import type { Answer, Judgement } from './probe.js';
import { ASKS, LEFT_OUT, PROBES } from './probes.js';
import { send } from './send.js';
import type { TiffTag } from './tiff-tags.js';

/** What was expected of the service, and what came. Holds no secret: it is made to be sent around. */
export interface LiveReport {
  readonly at: string;
  readonly endpoint: string;
  /** Absent unless it may be shown. */
  readonly project?: string;
  readonly rows: readonly LiveRow[];
  /** What is not asked on purpose. */
  readonly leftOut: readonly { readonly id: string; readonly title: string }[];
  readonly requests: readonly LiveRequest[];
  /** Bytes of all replies' bodies, as they came over the network. */
  readonly bytes: number;
}

export interface LiveRow extends Judgement {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
}

/** One request, and what the reply was like. */
export interface LiveRequest {
  readonly name: string;
  readonly status?: number;
  readonly ms?: number;
  readonly bytes?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly TiffTag[];
  /** An error's text, an NPY's types, or why nothing came. */
  readonly words?: string;
}

export interface LiveCheckOptions {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Whether the project's id stays in what is reported. Default: false. */
  readonly showProject?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds before a request that failed for the moment is sent again. Default: 2 s, then 4 s. */
  readonly pauseMs?: number | undefined;
}

/**
 * Sends every request of the plan, one after the other, and judges what comes. Nothing in it throws for
 * what the service does: that is what is to be told.
 */
export async function liveCheck(options: LiveCheckOptions): Promise<LiveReport> {
  const { endpoint, credentials, showProject, signal, pauseMs } = options;
  const agent = newAgent();
  const answers = new Map<string, Answer>();
  const requests: LiveRequest[] = [];
  let bytes = 0;
  // Before anything is asked: a token that cannot be had is the caller's error.
  const { authorization } = await credentials.headers();
  const clean = cleaner(authorization, showProject ? undefined : credentials.project);
  const line = { endpoint, credentials, agent, ...(pauseMs === undefined ? {} : { pauseMs }) };
  try {
    for (const [name, ask] of Object.entries(ASKS)) {
      signal?.throwIfAborted();
      const exchange = await send(ask, line);
      const answer = await answerOf(ask, exchange);
      answers.set(name, answer);
      if (typeof exchange !== 'string') bytes += exchange.received;
      requests.push(describe(name, exchange, answer, clean));
    }
  } finally {
    await agent.destroy();
  }
  return {
    at: new Date().toISOString(),
    endpoint: clean(withoutUser(endpoint)),
    ...(showProject ? { project: credentials.project } : {}),
    rows: PROBES.map(({ id, title, expected, asks, judge }) => {
      const { verdict, came } = judge(asks.flatMap((name) => answers.get(name) ?? []));
      return { id, title, expected, verdict, came: clean(came) };
    }),
    leftOut: LEFT_OUT,
    requests,
    bytes,
  };
}

function describe(
  name: string,
  exchange: Awaited<ReturnType<typeof send>>,
  answer: Answer,
  clean: Clean,
): LiveRequest {
  if (typeof exchange === 'string') return { name, headers: {}, tags: [], words: clean(exchange) };
  const { status, ms, received, headers } = exchange;
  const words = wordsOf(answer);
  return {
    name,
    status,
    ms,
    bytes: received,
    headers: cleanHeaders(headers, clean),
    tags:
      answer.kind === 'pixels'
        ? answer.tags.map((tag) => ({
            ...tag,
            value: typeof tag.value === 'string' ? clean(tag.value) : tag.value,
          }))
        : [],
    ...(words === undefined ? {} : { words: clean(words) }),
  };
}

function wordsOf(answer: Answer): string | undefined {
  if (answer.kind === 'refusal') return answer.message;
  if (answer.kind !== 'pixels') return undefined;
  if (typeof answer.raster === 'string') return answer.raster;
  const { format, names, dtypes } = answer.raster;
  return format === 'NPY' ? names.map((each, i) => `${each} ${dtypes[i]}`).join(', ') : undefined;
}

/** Whether every row came out as expected. */
export function isConfirmed({ rows }: LiveReport): boolean {
  return rows.every(({ verdict }) => verdict === 'confirmed');
}
