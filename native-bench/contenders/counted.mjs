/** An Earth Engine on 127.0.0.1 as a process of its own, which tells how many requests it has answered. */
import { startLoopback } from '../../dist/loopback/index.js';

const [latency] = process.argv.slice(2);
const server = await startLoopback({
  faults: { latency: { ms: Number(latency) } },
  // What it computes at the check, it gives again when clients are timed.
  keepReplies: 1e9,
});
process.on('message', () => process.send({ requests: server.requests }));
process.on('disconnect', () => void server.close().then(() => process.exit(0)));
process.send({ url: server.url });
