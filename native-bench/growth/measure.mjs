/** Measures one thing in a process of its own, so that its peak memory is its own: node measure.mjs WHAT PATH */

import { earthEnginePlanner } from '../../dist/earth-engine/source.js';
import { Cube } from '../../dist/index.js';

const [what, path] = process.argv.slice(2);
const cube = await Cube.open(path);
const whole = cube.grid.geobox;
const started = performance.now();
const count = await measure();
const seconds = (performance.now() - started) / 1000;
const peak = process.resourceUsage().maxRSS;
process.stdout.write(`${JSON.stringify({ count, seconds, megabytes: peak / 1024 })}\n`);

async function measure() {
  switch (what) {
    case 'plan':
      return (await cube.plan(whole, earthEnginePlanner(cube.dataset))).pending;
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
