/** Asks the server; what it says is in told.ts. */
import type { Box, BoxStats, Cube, Place, Point, Run, Series, State, Values } from '../told.js';

export type { Box, BoxStats, Cube, Place, Point, Run, Series, State, Values };

type Words = Readonly<Record<string, string | number | readonly (string | number)[] | undefined>>;

export function address(path: string, words: Words): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(words))
    for (const each of value === undefined ? [] : [value].flat()) query.append(name, String(each));
  return `api/${path}?${query}`;
}

/** @throws {Error} with the server's own words. */
export async function ask<T>(path: string, words: Words, signal?: AbortSignal): Promise<T> {
  const response = await fetch(address(path, words), signal === undefined ? {} : { signal });
  const answer = (await response.json()) as T & { readonly error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

/** The newest of several calls counts: the one before is given up. */
export class Latest {
  #controller = new AbortController();

  /** @returns `undefined` where a newer one has begun. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.#controller.abort();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const result = await work(controller.signal);
      return controller.signal.aborted ? undefined : result;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  }
}
