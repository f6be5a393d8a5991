/** The page: what is shown, what it is asked with, and what becomes of it. */
import { ask, type Cube, Latest, type Place, type State } from './api.js';
import { Controls } from './controls.js';
import { CubeMap } from './cube-map.js';
import { button, byId } from './elements.js';
import { drawLegend, drawScale } from './legend.js';
import { Progress } from './progress.js';
import { Readout } from './readout.js';
import { readShown, type Shown, styleWords, timeWords, wordsOf, writeShown } from './shown.js';

const LOOK_MS = 2_000;
const NOTICE_MS = 6_000;

class App {
  readonly #shown: Shown;
  readonly #map: CubeMap;
  readonly #controls: Controls;
  readonly #readout: Readout;
  readonly #progress: Progress;
  readonly #stretching = new Latest();
  readonly #placing = new Latest();
  #state = '';
  #step: number;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly cube: Cube) {
    this.#shown = readShown(location.hash, cube);
    this.#step = this.#shown.t;
    describe(cube);
    this.#map = new CubeMap(byId('map'), cube, (text) => this.#notice(text));
    this.#map.show(this.#shown.centre, this.#shown.level);
    this.#readout = new Readout(this.#shown, cube);
    this.#controls = new Controls(this.#shown, cube, {
      changed: () => this.#changed(),
      stretch: (low, high) => this.#try(this.#stretch(low, high)),
    });
    this.#progress = new Progress(byId('progress'));
    byId('box').append(
      button('Draw a box', () => {
        this.#notice('Drag a box over the map.');
        this.#map.drawBox((box) => {
          if (box !== undefined) this.#shown.box = box;
          this.#changed();
          this.#try(this.#readout.showBox());
        });
      }),
    );
    const { map } = this.#map;
    // For whoever waits until all is seen.
    map.on('rendercomplete', () => {
      document.documentElement.dataset.drawn = location.hash;
      const seen = this.#map.pictures();
      byId('shows').textContent = showsWords(this.#map.pixels.showing(seen), this.#map.level);
    });
    map.on('moveend', () => this.#moved());
    map.on('pointermove', ({ pixel, dragging }) => {
      if (!dragging) this.#try(this.#readout.hover(this.#map.pixelUnder(pixel)));
    });
    map.on('singleclick', ({ pixel }) => {
      const point = this.#map.pixelUnder(pixel);
      if (point === undefined) return;
      this.#shown.point = point;
      this.#changed();
      this.#try(this.#readout.showPoint());
    });
  }

  async start(): Promise<void> {
    const { cube } = this;
    this.#state = (await ask<State>('state', timeWords(this.#shown, cube))).state;
    if (this.#shown.ranges === undefined) await this.#stretch(2, 98);
    this.#changed();
    this.#try(this.#readout.showPoint());
    this.#try(this.#readout.showBox());
    document.documentElement.dataset.ready = 'yes';
    for (;;) {
      await this.#look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Served by a run, for as long as that goes on. */
  #isOfRun = false;

  /** Whether something was committed. */
  async #look(): Promise<void> {
    if (document.hidden) return;
    const { t } = this.#shown;
    try {
      const state = await ask<State>('state', timeWords(this.#shown, this.cube));
      if (t !== this.#shown.t) return;
      this.#progress.show(state);
      this.#isOfRun = state.run !== undefined;
      if (state.state === this.#state) return;
      this.#state = state.state;
      if (this.#isGuessed) await this.#stretch(2, 98);
      this.#changed();
    } catch (error) {
      this.#notice(
        this.#isOfRun
          ? 'The run has ended, and its page with it: "geocubes view" shows the cube from now on.'
          : `The server does not answer: ${(error as Error).message}`,
      );
    }
  }

  /** Ranges that no value was there for. */
  #isGuessed = false;

  /** Sets the ranges to percentiles of what is seen. */
  async #stretch(low: number, high: number): Promise<void> {
    const { cube } = this;
    const shown = this.#shown;
    const box = this.#map.visible ?? { row: 0, col: 0, height: cube.height, width: cube.width };
    const words = { box: wordsOf(box), ...timeWords(shown, cube), band: shown.bands, low, high };
    const found = await this.#stretching.run((signal) =>
      ask<{ ranges: ([number, number] | null)[] }>('range', words, signal),
    );
    if (found === undefined) return;
    this.#isGuessed = found.ranges.some((range) => range === null);
    shown.ranges = found.ranges.map((range, i) => {
      if (range !== null && range[0] < range[1]) return range;
      if (range !== null) return [range[0], range[0] + 1];
      const isByte = cube.bands.find(({ name }) => name === shown.bands[i])?.dtype === 'uint8';
      return shown.ranges?.[i] ?? [0, isByte ? 255 : 1];
    });
    this.#controls.draw();
    this.#changed();
  }

  #changed(): void {
    const { cube } = this;
    const shown = this.#shown;
    if (shown.ranges === undefined || this.#state === '') return;
    this.#map.pixels.want(styleWords(shown, cube), this.#state);
    this.#map.states.want(timeWords(shown, cube), this.#state);
    this.#map.showStates(shown.tiles);
    this.#map.mark(shown.point, shown.box);
    this.#giveUp();
    drawLegend(byId('legend'), shown, cube);
    if (shown.t !== this.#step) {
      this.#step = shown.t;
      this.#progress.forget();
      this.#try(this.#readout.showPoint());
      this.#try(this.#readout.showBox());
      void this.#look();
    }
    this.#remember();
  }

  #giveUp(): void {
    for (const tiles of [this.#map.pixels, this.#map.states]) tiles.keepOnly(this.#map.level);
  }

  #moved(): void {
    this.#shown.centre = this.#map.centre;
    this.#shown.level = this.#map.level;
    this.#giveUp();
    this.#remember();
    this.#map.map.render();
    const { cube } = this;
    const point = this.#map.pixelAt(this.#map.centre);
    if (point === undefined) return;
    const { row, col } = point;
    this.#try(
      this.#placing
        .run((signal) => ask<Place>('place', { row, col }, signal))
        .then((place) => {
          if (place === undefined) return;
          drawScale(byId('scale'), place, 2 ** this.#map.level);
          byId('source').title = cube.source;
        }),
    );
  }

  #remember(): void {
    history.replaceState(null, '', writeShown(this.#shown, this.cube));
  }

  #try(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#notice((error as Error).message));
  }

  #notice(text: string): void {
    const card = byId('notice');
    card.textContent = text;
    card.hidden = false;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      card.hidden = true;
    }, NOTICE_MS);
  }
}

/** What the colours on the map are, where they are not each pixel's own. */
function showsWords(shows: readonly string[], level: number): string {
  if (level <= 0) return '';
  const said = shows.map((words) => (words === 'pixels' ? `one pixel of ${4 ** level}` : words));
  return said.length === 0 ? '' : `colours: ${said.join(' / ')}`;
}

function describe(cube: Cube): void {
  document.title = `${cube.title} – geocubes view`;
  byId('title').textContent = cube.title;
  byId('about').textContent =
    `${cube.width} × ${cube.height} pixels in ${cube.crs.name}, tiles of ${cube.chunk[1]} × ${cube.chunk[0]}`;
  byId('about').title = cube.store;
  byId('source').textContent = cube.source === '' ? '' : `Source: ${cube.source}`;
}

try {
  await new App(await ask<Cube>('cube', {})).start();
} catch (error) {
  const card = byId('notice');
  card.textContent = (error as Error).message;
  card.hidden = false;
}
