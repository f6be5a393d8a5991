/** A headless Chromium, and what is seen in it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Of what the page asks and draws on a busy machine. */
export const PATIENCE_MS = 120_000;

/** @returns {string | undefined} */
export function findChromium() {
  const given = process.env.GEOCUBES_CHROMIUM;
  const places = (process.env.PATH ?? '').split(delimiter);
  const candidates = given
    ? [given]
    : NAMES.flatMap((name) => places.map((place) => join(place, name)));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** In containers there is no sandbox within the sandbox. */
export function launch() {
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
}

/** Beside the map. */
const PANEL = 340;
const FOOT = 26;

/** A page whose map has so many pixels on the screen; whatever goes wrong in it is kept. */
export async function openPage(browser, { width, height }) {
  const page = await browser.newPage({
    viewport: { width: width + PANEL, height: height + FOOT },
    deviceScaleFactor: 1,
  });
  page.setDefaultTimeout(PATIENCE_MS);
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  const hosts = new Set();
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url())) hosts.add(new URL(request.url()).hostname);
  });
  return { page, problems, hosts };
}

/** Waits until all pictures of what the address says are drawn. */
export async function drawn(page) {
  await page.waitForSelector('html[data-ready]');
  await page.waitForFunction(() => document.documentElement.dataset.drawn === location.hash);
}

/** Goes to an address, also where only what follows its # is another. */
export async function show(page, url, hash) {
  await page.goto('about:blank');
  await page.goto(`${url}#${hash}`);
  await drawn(page);
}

/** [red, green, blue] of a point on the screen. */
export async function screen(page) {
  const shot = await page.screenshot();
  const { data, info } = await sharp(shot)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return (/** @type {number} */ x, /** @type {number} */ y) => {
    const at = 3 * (y * info.width + x);
    return [...data.subarray(at, at + 3)];
  };
}
