/** What is seen on the page is what `load` gives: pixel by pixel, and number by number. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startViewer } from '../../dist/view/server.js';
import { drawn, launch, openPage, PATIENCE_MS, screen, show } from './browser.mjs';
import { ANNUAL, openWorkshop, POLAR } from './cubes.mjs';

const SIZE = { width: 600, height: 400 };
/** Where nothing is drawn, the ground of the map shows. */
const GROUND = [0xee, 0xf1, 0xf3];

let workshop;
let browser;
before(async () => {
  workshop = await openWorkshop();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await workshop.close();
});

/** A cube, its page, and a way to compare: grey from 0 to 200 at one pixel of the screen for each of the cube. */
async function open(name, dataset, target, options) {
  const { path, cube } = await workshop.create(name, dataset);
  await workshop.fill(cube, target(cube), options);
  const viewer = await startViewer({ storage: path, pool: workshop.pool, port: 0 });
  const seen = await openPage(browser, SIZE);
  const { affine, width, height } = cube.grid.geobox;
  const [a, , c, , e, f] = affine;
  /** Of a corner between pixels, which then is in the middle of the map. */
  const centre = (col, row) => `at=${c + a * col},${f + e * row}`;
  const close = async () => {
    await seen.page.close();
    await viewer.close();
  };
  return { cube, viewer, ...seen, centre, width, height, close };
}

const RANGE = 200;
const greyOf = (value) => Math.round((255 * Math.min(Math.max(value, 0), RANGE)) / RANGE);
const style = (band) => `band=${band}&range=0,${RANGE}&colormap=grey`;

/** By `Cube.load` of the whole cube; `undefined` where no tile is loaded. */
async function values(cube, band, time) {
  const { bands } = await cube.load(cube.grid.geobox, { pool: workshop.pool, ...(time ?? {}) });
  const missing = new Set(
    (await cube.tileStates(cube.grid.geobox, time ?? {}))
      .filter(({ state }) => state === 0)
      .map(({ row, col }) => `${row}-${col}`),
  );
  const { height, width } = cube.grid.chunk;
  return (row, col) =>
    missing.has(`${Math.floor(row / height)}-${Math.floor(col / width)}`)
      ? undefined
      : bands.get(band)[row * cube.grid.geobox.width + col];
}

/** Each 7th pixel of the map, away from its controls and the mark. */
async function compare({ page, cube }, { col, row, level }, valueAt) {
  const at = await screen(page);
  const [left, top] = [col - SIZE.width / 2 / 2 ** -level, row - SIZE.height / 2 / 2 ** -level];
  let compared = 0;
  let empty = 0;
  const { width, height } = cube.grid.geobox;
  for (let y = 60; y < SIZE.height - 150; y += 7)
    for (let x = 50; x < SIZE.width - 10; x += 7) {
      const [c, r] = [Math.floor(left + x * 2 ** level), Math.floor(top + y * 2 ** level)];
      if (r < 1 || c < 1 || r >= height - 1 || c >= width - 1) continue;
      const value = valueAt(r, c);
      const wanted = value === undefined ? GROUND : Array(3).fill(greyOf(value));
      assert.deepEqual(at(x, y), wanted, `row ${r}, column ${c}`);
      if (value === undefined) empty++;
      else compared++;
    }
  return { compared, empty };
}

/** As {@link compare}, once what has changed meanwhile is drawn. */
async function compareSoon(view, place, valueAt, isMet) {
  for (const end = Date.now() + PATIENCE_MS; ; await view.page.waitForTimeout(100)) {
    try {
      const found = await compare(view, place, valueAt);
      if (isMet(found) || Date.now() > end) return found;
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || Date.now() > end) throw error;
    }
  }
}

describe('a polar cube (EPSG:3413) in its own CRS', () => {
  let view;
  before(async () => {
    view = await open('polar', POLAR, ({ grid }) => {
      const { west, south, east, north } = grid.geobox.bounds;
      return { crs: grid.geobox.crs, west, south, east: east - 200_000 + 1, north };
    });
  });
  after(() => view.close());

  test('pixels on the screen are those of load, and nothing is drawn where no tile is loaded', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}&tiles=0`;
    await show(view.page, view.viewer.url, hash);
    const valueAt = await values(view.cube, 'TCB_slope');
    const { compared, empty } = await compare(view, { ...place, level: 0 }, valueAt);
    assert.ok(compared > 500, `${compared} compared`);
    assert.ok(empty > 100, `${empty} without a tile`);
  });

  test('enlarged four times, each pixel is a square of its colour', async () => {
    const place = { col: 150, row: 150 };
    const hash = `${view.centre(place.col, place.row)}&level=-2&${style('TCG_slope')}&tiles=0`;
    await show(view.page, view.viewer.url, hash);
    const { compared } = await compare(
      view,
      { ...place, level: -2 },
      await values(view.cube, 'TCG_slope'),
    );
    assert.ok(compared > 1000, `${compared} compared`);
  });

  test('tiles that are not loaded are hatched, and the states can be hidden', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}`;
    await show(view.page, view.viewer.url, hash);
    const seen = async () => {
      const at = await screen(view.page);
      const colours = new Set();
      // Within the tile in row 1, column 4.
      for (let i = 0; i < 60; i++) colours.add(String(at(300 + 420 - 250 + i, 150)));
      return colours;
    };
    assert.ok((await seen()).size > 1);
    await view.page.getByLabel('show their states on the map').uncheck();
    await drawn(view.page);
    assert.deepEqual([...(await seen())], [String(GROUND)]);
  });

  test('the value under the pointer and of a click is that of load, with its place', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}`;
    await show(view.page, view.viewer.url, hash);
    const valueAt = await values(view.cube, 'TCB_slope');
    const [x, y] = [220, 130];
    const [row, col] = [place.row - 200 + y, place.col - 300 + x];
    await view.page.mouse.move(x, y);
    const told = view.page.locator('#pointer');
    await told.filter({ hasText: new RegExp(` ${valueAt(row, col)}$`) }).waitFor();
    await view.page.mouse.click(x, y);
    const cell = (name) => view.page.locator(`#point tr:has(td:text-is("${name}")) td:last-child`);
    await cell('row, column')
      .filter({ hasText: `${row}, ${col}` })
      .waitFor();
    assert.equal(await cell('TCB_slope').textContent(), String(valueAt(row, col)));
  });

  test('a drag moves the map by as many pixels, and what comes into view is drawn', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}&tiles=0`;
    await show(view.page, view.viewer.url, hash);
    const before = new URL(view.page.url()).hash;
    await view.page.mouse.move(300, 200);
    await view.page.mouse.down();
    await view.page.mouse.move(380, 250, { steps: 4 });
    await view.page.mouse.up();
    await view.page.waitForFunction((old) => location.hash !== old, before);
    await drawn(view.page);
  });

  test('a box has the statistics that stats gives', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}`;
    await show(view.page, view.viewer.url, hash);
    await view.page.getByRole('button', { name: 'Draw a box' }).click();
    await view.page.mouse.move(150, 100);
    await view.page.mouse.down();
    await view.page.mouse.move(250, 180, { steps: 4 });
    await view.page.mouse.up();
    await view.page.locator('#box svg').waitFor();
    const words = new URLSearchParams(new URL(view.page.url()).hash.slice(1));
    const [col, row, width, height] = words.get('box').split(',').map(Number);
    assert.ok(width >= 100 && width <= 102 && height >= 80 && height <= 82, words.get('box'));
    const region = view.cube.grid.geobox.crop({ row, col, width, height });
    const { each } = await view.cube.stats(region, { bands: ['TCB_slope'], pool: workshop.pool });
    const text = await view.page.locator('#box').textContent();
    assert.ok(text.includes(`${each[0].valid} of ${width * height}`), text);
    assert.ok(text.includes(`mean${Number(each[0].mean.toPrecision(6))}`), text);
  });

  test('a link shows the same, and tiles that are committed meanwhile appear', async () => {
    const place = { col: 250, row: 200 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}&tiles=0`;
    await show(view.page, view.viewer.url, hash);
    const link = view.page.url();
    await view.page.goto('about:blank');
    await view.page.goto(link);
    await drawn(view.page);
    const old = await values(view.cube, 'TCB_slope');
    assert.ok((await compare(view, { ...place, level: 0 }, old)).empty > 100);
    await workshop.fill(view.cube, view.cube.grid.geobox);
    await view.page.getByText(' 0 of 20 not loaded').waitFor();
    await drawn(view.page);
    const { empty } = await compareSoon(
      view,
      { ...place, level: 0 },
      await values(view.cube, 'TCB_slope'),
      (found) => found.empty === 0,
    );
    assert.equal(empty, 0);
  });

  test('nothing was asked of another host, and nothing went wrong in the page', () => {
    assert.deepEqual([...view.hosts], ['127.0.0.1']);
    assert.deepEqual(view.problems, []);
  });
});

test('a temporal cube shows the step that is chosen, and a point through time', async () => {
  const whole = ({ grid }) => grid.geobox;
  const view = await open('annual', ANNUAL, whole);
  try {
    const place = { col: 100, row: 50 };
    const hash = `${view.centre(place.col, place.row)}&level=0&${style('TCB_slope')}&tiles=0&t=1`;
    await show(view.page, view.viewer.url, hash);
    const stepAt = (t) => ({
      time: { kind: 'at', time: new Date(view.cube.timeAxis.step(t).start) },
    });
    const first = await values(view.cube, 'TCB_slope', stepAt(1));
    assert.ok((await compare(view, { ...place, level: 0 }, first)).compared > 100);
    await view.page.getByRole('button', { name: '›' }).click();
    await view.page.waitForFunction(() => location.hash.includes('t=2'));
    await drawn(view.page);
    const second = await values(view.cube, 'TCB_slope', stepAt(2));
    const seen = await compareSoon(view, { ...place, level: 0 }, second, () => true);
    assert.ok(seen.compared > 100);
    await view.page.mouse.click(300, 200);
    await view.page.locator('#point svg').waitFor();
    assert.equal(await view.page.locator('#point circle').count(), view.cube.timeAxis.length);
    assert.deepEqual(view.problems, []);
  } finally {
    await view.close();
  }
});
