/**
 * A loopback server in a process of its own, which notes each pixel request: node service.mjs FAULTS (a plan as JSON).
 * Asked for anything over IPC, it answers with what it has noted since it was asked last.
 */
import { startLoopback } from '../../dist/loopback/index.js';

let noted = [];
const server = await startLoopback({
  faults: JSON.parse(process.argv[2] ?? '{}'),
  onRequest: ({ route, path, status, ms }) => {
    if (route !== 'pixels') return;
    const [, project = ''] = /\/projects\/([^/]+)\//.exec(path) ?? [];
    noted.push({ endedAt: Date.now(), ms, project, status });
  },
});
process.send({ url: server.url });
process.on('message', () => {
  process.send(noted);
  noted = [];
});
process.on('disconnect', () => void server.close().then(() => process.exit(0)));
