/** Numbers: under the pointer, where the map was clicked, and of a box. */
import { ask, type BoxStats, type Cube, Latest, type Series, type Values } from './api.js';
import { bandOf, bandTitle, scaled, valueWords } from './band-words.js';
import { histogram, lineChart } from './charts.js';
import { byId, element, numberWords } from './elements.js';
import { type Shown, timeWords, wordsOf } from './shown.js';

export class Readout {
  readonly #hover = new Latest();
  readonly #click = new Latest();
  readonly #series = new Latest();
  readonly #box = new Latest();
  readonly #point = element('div');
  readonly #chart = element('div');
  readonly #stats = element('div');

  constructor(
    private readonly shown: Shown,
    private readonly cube: Cube,
  ) {
    byId('point').append(this.#point, this.#chart);
    byId('box').append(this.#stats);
  }

  /** The values under the pointer, below the map. */
  async hover(point: Shown['point']): Promise<void> {
    const target = byId('pointer');
    if (point === undefined) {
      target.textContent = '';
      return;
    }
    const found = await this.#hover.run(async (signal) => {
      // Who moves on wants nothing of what lies between.
      await new Promise((resolve) => setTimeout(resolve, 60));
      return signal.aborted ? undefined : this.#valuesAt(point, signal);
    });
    if (found === undefined) return;
    const values = this.#names.map((name) => {
      const prefix = this.#names.length === 1 ? '' : `${name} `;
      return `${prefix}${valueWords(bandOf(this.cube, name), found.values[name])}`;
    });
    target.textContent = `${placeWords(found, this.cube)}   ${values.join(', ')}`;
  }

  /** The values of the point that was clicked, and its series. */
  async showPoint(): Promise<void> {
    const { point } = this.shown;
    if (point === undefined) return;
    byId('point').querySelector('.hint')?.remove();
    await Promise.all([this.#showValues(point), this.#showSeries(point)]);
  }

  async #showValues(point: NonNullable<Shown['point']>): Promise<void> {
    const found = await this.#click.run((signal) => this.#valuesAt(point, signal));
    if (found === undefined) return;
    const rows: [string, string][] = [
      ...this.#names.map((name): [string, string] => [
        name,
        valueWords(bandOf(this.cube, name), found.values[name]),
      ]),
      ['place', placeWords(found, this.cube)],
      ['row, column', `${found.row}, ${found.col}`],
      ['tile', `${found.tile}, ${found.state}`],
    ];
    this.#point.replaceChildren(table(rows));
  }

  async #showSeries(point: NonNullable<Shown['point']>): Promise<void> {
    const { steps } = this.cube;
    const [name] = this.#names;
    if (steps === undefined || name === undefined) return;
    const found = await this.#series.run((signal) =>
      ask<Series>('series', { row: point.row, col: point.col, band: name }, signal),
    );
    if (found === undefined) return;
    const band = bandOf(this.cube, name);
    const points = found.series.map(({ t, value }) => ({
      at: t,
      value: value === null ? null : scaled(band, value),
    }));
    const [first, last] = [found.series[0]?.t ?? 0, found.series.at(-1)?.t ?? 0];
    const ends = [dateOf(steps[first]?.start), dateOf(steps[last]?.start)] as const;
    this.#chart.replaceChildren(
      element('b', {}, `${bandTitle(band)} through time`),
      lineChart(points, this.shown.t, ends, `${name} through time`),
    );
  }

  /** Statistics and histogram of the box. */
  async showBox(): Promise<void> {
    const { box } = this.shown;
    if (box === undefined) {
      this.#stats.replaceChildren();
      return;
    }
    this.#stats.replaceChildren(element('p', { class: 'hint' }, 'Counting …'));
    const words = {
      box: wordsOf(box),
      ...timeWords(this.shown, this.cube),
      band: this.shown.bands,
    };
    const found = await this.#box.run((signal) => ask<BoxStats>('stats', words, signal));
    if (found === undefined) return;
    this.#stats.replaceChildren(
      element(
        'p',
        { class: 'hint' },
        `${box.width} × ${box.height} pixels from row ${box.row}, column ${box.col}`,
      ),
      ...found.bands.flatMap((stats) => this.#drawStats(stats)),
    );
  }

  #drawStats(stats: BoxStats['bands'][number]): Node[] {
    const band = bandOf(this.cube, stats.band);
    const told = (value: number | undefined) => valueWords(band, value);
    const spread = stats.std === undefined ? undefined : stats.std * Math.abs(band.scale);
    const rows: [string, string][] = [
      ['valid', `${stats.valid} of ${stats.pixels}`],
      ...(stats.missing > 0 ? [['not loaded', String(stats.missing)] as [string, string]] : []),
      ['mean', told(stats.mean)],
      ['std', numberWords(spread)],
      ['min, max', `${told(stats.min)}, ${told(stats.max)}`],
      ...(stats.quantiles ?? []).map(({ q, value }): [string, string] => [
        `${Math.round(100 * q)} %`,
        told(value),
      ]),
    ];
    const { histogram: counted } = stats;
    return [
      element('b', {}, bandTitle(band)),
      table(rows),
      ...(counted === undefined
        ? []
        : [
            histogram(
              counted.counts,
              [told(counted.edges[0]), told(counted.edges.at(-1))],
              `Histogram of ${stats.band}`,
            ),
          ]),
    ];
  }

  get #names(): string[] {
    return [...new Set(this.shown.bands)];
  }

  #valuesAt({ row, col }: NonNullable<Shown['point']>, signal: AbortSignal): Promise<Values> {
    const { shown, cube } = this;
    return ask<Values>('value', { row, col, ...timeWords(shown, cube), band: shown.bands }, signal);
  }
}

function table(rows: readonly (readonly [string, string])[]): HTMLTableElement {
  return element(
    'table',
    {},
    ...rows.map(([name, value]) =>
      element('tr', {}, element('td', {}, name), element('td', {}, value)),
    ),
  );
}

function placeWords({ x, y, lon, lat }: Values, { crs }: Cube): string {
  const own = crs.isGeographic ? '' : `${numberWord(x)}, ${numberWord(y)} ${crs.unit}`;
  if (lon === undefined || lat === undefined) return own || `${numberWord(x)}, ${numberWord(y)}`;
  const degrees = `${Math.abs(lat).toFixed(5)}° ${lat < 0 ? 'S' : 'N'}, ${Math.abs(lon).toFixed(5)}° ${lon < 0 ? 'W' : 'E'}`;
  return own === '' ? degrees : `${degrees} (${own})`;
}

function numberWord(value: number): string {
  return String(Number(value.toPrecision(9)));
}

function dateOf(text = ''): string {
  return text.replace(/T00:00(?::00(?:\.000)?)?Z?$/, '');
}
