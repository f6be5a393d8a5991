/** What can be chosen: bands, stretch, colours, time, overlay. */
import type { Cube } from './api.js';
import { bandOf, scaled, stored } from './band-words.js';
import { button, byId, choice, element, numberInput } from './elements.js';
import type { Shown } from './shown.js';

export interface Actions {
  /** After something was changed in what is shown. */
  readonly changed: () => void;
  /** Wants the ranges between two percentiles of what is seen. */
  readonly stretch: (low: number, high: number) => void;
}

const GREY = 'grey';
const COLOURS = ['red', 'green', 'blue'] as const;

export class Controls {
  readonly #bands = element('div');
  readonly #stretch = element('div');
  #percentiles: [number, number] = [2, 98];

  constructor(
    private readonly shown: Shown,
    private readonly cube: Cube,
    private readonly actions: Actions,
  ) {
    byId('bands').append(this.#bands);
    byId('stretch').append(this.#stretch);
    if (cube.steps !== undefined) this.#addTime(cube.steps);
    this.#addTiles();
    this.draw();
  }

  draw(): void {
    this.#drawBands();
    this.#drawStretch();
  }

  #drawBands(): void {
    const { shown, cube, actions } = this;
    const names = cube.bands.map(({ name }) => name);
    const isColour = shown.bands.length === 3;
    const pick = (bands: string[]) => {
      shown.bands = bands;
      delete shown.ranges;
      this.draw();
      actions.stretch(...this.#percentiles);
    };
    const kind = choice(
      ['one band', 'three as red, green, blue'],
      isColour ? 'three as red, green, blue' : 'one band',
      (value) => {
        const [first = ''] = shown.bands;
        const next = (by: number) => names[(names.indexOf(first) + by) % names.length] ?? first;
        pick(value === 'one band' ? [first] : [first, next(1), next(2)]);
      },
      'How many bands',
    );
    const selects = shown.bands.map((name, i) =>
      element(
        'label',
        {},
        element('span', {}, isColour ? (COLOURS[i] ?? '') : 'band'),
        choice(names, name, (value) => pick(shown.bands.with(i, value)), `Band ${i + 1}`),
      ),
    );
    const colours = element(
      'label',
      {},
      element('span', {}, 'colours'),
      choice(
        [GREY, ...Object.keys(cube.colormaps)],
        shown.colormap ?? GREY,
        (value) => {
          if (value === GREY) delete shown.colormap;
          else shown.colormap = value;
          actions.changed();
        },
        'Colour map',
      ),
    );
    this.#bands.replaceChildren(
      element('label', {}, element('span', {}, 'show'), kind),
      ...selects,
      ...(isColour ? [] : [colours]),
    );
  }

  #drawStretch(): void {
    const { shown, cube, actions } = this;
    const rows = shown.bands.map((name, i) => {
      const band = bandOf(cube, name);
      const range = shown.ranges?.[i] ?? [0, 1];
      const end = (at: 0 | 1, label: string) =>
        numberInput(
          Number(scaled(band, range[at]).toPrecision(6)),
          (value) => {
            const changed = range.with(at, stored(band, value)) as [number, number];
            if (changed[0] >= changed[1]) return this.#drawStretch();
            shown.ranges = (shown.ranges ?? []).with(i, changed);
            actions.changed();
          },
          `${label} of ${name}`,
        );
      return element(
        'div',
        { class: 'row' },
        element('span', {}, shown.bands.length === 3 ? (COLOURS[i] ?? '') : 'from'),
        end(0, 'Minimum'),
        'to',
        end(1, 'Maximum'),
      );
    });
    const percentile = (at: 0 | 1, label: string) =>
      numberInput(
        this.#percentiles[at],
        (value) => {
          if (value < 0 || value > 100) return this.#drawStretch();
          this.#percentiles = this.#percentiles.with(at, value) as [number, number];
        },
        label,
      );
    const gamma = element('input', {
      ...{ type: 'range', min: '-1', max: '1', step: '0.05', 'aria-label': 'Gamma' },
    });
    gamma.value = String(Math.log10(shown.gamma));
    const told = element('output', {}, shown.gamma.toFixed(2));
    gamma.addEventListener('input', () => {
      shown.gamma = Number((10 ** gamma.valueAsNumber).toFixed(2));
      told.textContent = shown.gamma.toFixed(2);
      actions.changed();
    });
    this.#stretch.replaceChildren(
      ...rows,
      element(
        'div',
        { class: 'row' },
        percentile(0, 'Lower percentile'),
        '% to',
        percentile(1, 'Upper percentile'),
        '%',
        button('of what is seen', () => {
          const [low, high] = this.#percentiles;
          if (low < high) actions.stretch(low, high);
        }),
      ),
      element(
        'div',
        { class: 'row' },
        button('min to max of what is seen', () => actions.stretch(0, 100)),
      ),
      element('label', {}, element('span', {}, 'gamma'), gamma, told),
    );
  }

  #addTime(steps: NonNullable<Cube['steps']>): void {
    const { shown, actions } = this;
    const section = byId('time');
    section.hidden = false;
    const slider = element('input', {
      ...{ type: 'range', min: '0', max: String(steps.length - 1), step: '1' },
      'aria-label': 'Time step',
    });
    const told = element('output');
    const show = (t: number) => {
      shown.t = Math.min(Math.max(t, 0), steps.length - 1);
      slider.value = String(shown.t);
      const step = steps[shown.t];
      told.textContent = `${step?.start} to ${step?.end}, step ${shown.t + 1} of ${steps.length}`;
    };
    const move = (t: number) => {
      show(t);
      actions.changed();
    };
    slider.addEventListener('input', () => move(slider.valueAsNumber));
    show(shown.t);
    section.append(
      element(
        'div',
        { class: 'row' },
        button('‹', () => move(shown.t - 1)),
        slider,
        button('›', () => move(shown.t + 1)),
      ),
      told,
    );
  }

  #addTiles(): void {
    const { shown, actions } = this;
    const tick = element('input', { type: 'checkbox' });
    tick.checked = shown.tiles;
    tick.addEventListener('change', () => {
      shown.tiles = tick.checked;
      actions.changed();
    });
    byId('tiles').append(
      element(
        'label',
        { class: 'tick' },
        tick,
        element('span', {}, 'show their states on the map'),
      ),
      element('div', { id: 'progress' }),
    );
  }
}
