/**
 * The loopback server, behind a door that keeps what it has answered: each request for pixels is computed once, and read
 * from a file from then on, so that the service takes no longer than reading does. Run: node service.mjs FOLDER
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { startLoopback } from '../../dist/loopback/index.js';

const [folder] = process.argv.slice(2);
const loopback = await startLoopback();
const counts = { requests: 0, computed: 0, bytes: 0 };

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const isForPixels = request.method === 'POST' && request.url.endsWith(':computePixels');
  if (!isForPixels) {
    const { status, type, bytes } = await ask(request, body);
    response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
    return;
  }
  counts.requests++;
  const file = join(folder, `${createHash('sha256').update(body).digest('hex')}.tif`);
  if (!existsSync(file)) {
    const { status, type, bytes } = await ask(request, body);
    if (status !== 200) {
      response.writeHead(status, { 'content-type': type }).end(bytes);
      return;
    }
    counts.computed++;
    await writeFile(`${file}.part`, bytes);
    await rename(`${file}.part`, file);
  }
  const bytes = await readFile(file);
  counts.bytes += bytes.length;
  response
    .writeHead(200, { 'content-type': 'image/tiff', 'content-length': bytes.length })
    .end(bytes);
});

async function ask({ method, url, headers }, body) {
  const reply = await fetch(`${loopback.url}${url}`, {
    method,
    headers: {
      authorization: headers.authorization ?? '',
      'content-type': 'application/json',
    },
    ...(method === 'GET' ? {} : { body }),
  });
  return {
    status: reply.status,
    type: reply.headers.get('content-type') ?? '',
    bytes: Buffer.from(await reply.arrayBuffer()),
  };
}

/** Since the last time. */
process.on('message', () => {
  process.send({ ...counts });
  Object.assign(counts, { requests: 0, computed: 0, bytes: 0 });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () =>
  process.send({ url: `http://127.0.0.1:${server.address().port}` }),
);
