/** Measures one thing in a process of its own, so that its peak memory is its own: node measure.mjs WHAT PATH */

import { readFileSync } from 'node:fs';
import { earthEnginePlanner } from '../../dist/earth-engine/source.js';
import { Cube } from '../../dist/index.js';

const [what, path] = process.argv.slice(2);
const cube = await Cube.open(path);
const whole = cube.grid.geobox;
const started = performance.now();
const found = await measure();
const seconds = (performance.now() - started) / 1000;
const counts = typeof found === 'number' ? { count: found } : found;
process.stdout.write(`${JSON.stringify({ ...counts, seconds, megabytes: peakMegabytes() })}\n`);

/** Linux counts the memory of whoever started a process into its maxRSS, but not into VmHWM. */
function peakMegabytes() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

async function measure() {
  switch (what) {
    case 'plan': {
      const plan = await cube.plan(whole, earthEnginePlanner(cube.dataset));
      return { count: plan.pending, requests: plan.requests, bytes: plan.bytes };
    }
    case 'plan and walk': {
      let tiles = 0;
      for (const _ of (await cube.plan(whole, earthEnginePlanner(cube.dataset))).plannedTiles())
        tiles++;
      return tiles;
    }
    case 'count': {
      const [counts] = await cube.countStates(whole);
      return counts.loaded;
    }
    case 'walk': {
      let loaded = 0;
      for await (const { state } of cube.walkStates(whole)) if (state === 1) loaded++;
      return loaded;
    }
    case 'verify --quick':
      return (await cube.verify(whole, { quick: true })).chunks;
    case 'open':
      return 0;
    default:
      throw new Error(`nothing is called ${what}`);
  }
}
