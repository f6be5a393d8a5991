/**
 * The one place that loads undici, and of it the two things that are used here: all of it (fetch, WebSockets, cookies,
 * caches, mocks) takes as much processor time as Node's own start, before the first request leaves.
 */
import { createRequire } from 'node:module';
import type { Agent as AnyAgent, Dispatcher } from 'undici';

export type Agent = AnyAgent;
export type { Dispatcher };

type AgentClass = new (options?: AnyAgent.Options) => AnyAgent;

/** As undici's, with the agent that sends it. */
export type Request = (
  url: string,
  options: {
    readonly dispatcher: Dispatcher;
    readonly method?: Dispatcher.HttpMethod;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  },
) => Promise<Dispatcher.ResponseData>;

/** Undici's own `request`, as the file has it: for the agent that is `this`. */
type RequestOf = (this: Dispatcher, options: unknown) => Promise<Dispatcher.ResponseData>;

/**
 * @param load `require`
 * @returns the same from the whole package, where a version of undici has no such files
 */
export function loadHttp(load: (id: string) => unknown): {
  readonly Agent: AgentClass;
  readonly request: Request;
} {
  try {
    const Agent = load('undici/lib/dispatcher/agent.js') as AgentClass;
    const requestOf = load('undici/lib/api/api-request.js') as RequestOf;
    return {
      Agent,
      // What undici's index does: it parses the URL, and a method is needed.
      request: async (url, { dispatcher, method = 'GET', ...rest }) => {
        const { origin, pathname, search } = new URL(url);
        return requestOf.call(dispatcher, { ...rest, method, origin, path: pathname + search });
      },
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    return load('undici') as typeof import('undici');
  }
}

const { Agent: OneAgent, request: requestBy } = loadHttp(createRequire(import.meta.url));

/** An agent that keeps connections open. */
export const newAgent = (options?: AnyAgent.Options): AnyAgent => new OneAgent(options);

export const request: Request = requestBy;
