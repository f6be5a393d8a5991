/**
 * Preloaded (--require) into each process of a run of the tests: writes down what Earth Engine is asked, by
 * whichever process, of whichever server. undici itself tells of each request, so that nothing of the
 * product knows of it. Bodies that tests post by themselves, with `fetch` or with a header that says so, are
 * not written down.
 */
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { subscribe } = require('node:diagnostics_channel');
const { threadId } = require('node:worker_threads');

const folder = process.env.SENT_BODIES;

if (folder) {
  const file = join(folder, `${process.pid}-${threadId}.jsonl`);
  subscribe('undici:request:create', ({ request }) => {
    const { method, path, body, headers } = request;
    const [, verb] = /^\/.*:(\w+)(?:\?|$)/.exec(path) ?? [];
    if (method !== 'POST' || verb === undefined) return;
    if (headers.includes('sec-fetch-mode') || headers.includes('x-by-hand')) return;
    appendFileSync(file, `${JSON.stringify({ verb, body: String(body) })}\n`);
  });
}
