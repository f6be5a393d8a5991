/** Ticks at round numbers, and the frame that all charts over time share. */

/** Everything is laid out in a picture this wide; the page scales it. */
export const CHART_WIDTH = 1080;
/** Room for labels left and right of what is drawn; the same for all charts, so that their times lie in line. */
export const PLOT_LEFT = 104;
export const PLOT_RIGHT = CHART_WIDTH - 58;

/** Where a moment of a run lies in its charts. */
export class TimeAxis {
  constructor(readonly durationMs: number) {}

  x(ms: number): number {
    const share = this.durationMs > 0 ? Math.min(Math.max(ms / this.durationMs, 0), 1) : 0;
    return round(PLOT_LEFT + share * (PLOT_RIGHT - PLOT_LEFT));
  }

  /** Round moments in the run, about ten of them. */
  ticks(): { readonly x: number; readonly label: string }[] {
    const step =
      TIME_STEPS.find((size) => this.durationMs / size <= 11) ?? dayStep(this.durationMs);
    const ticks: { x: number; label: string }[] = [];
    for (let ms = 0; ms <= this.durationMs; ms += step)
      ticks.push({ x: this.x(ms), label: timeLabel(ms, step) });
    return ticks;
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Steps that clocks have. */
const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((step) => step * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((step) => step * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((step) => step * HOUR),
];

function dayStep(durationMs: number): number {
  return Math.ceil(durationMs / (11 * 24 * HOUR)) * 24 * HOUR;
}

function timeLabel(ms: number, step: number): string {
  if (ms === 0) return '0';
  if (step < SECOND) return `${Number((ms / SECOND).toFixed(3))} s`;
  if (step < MINUTE && ms < MINUTE) return `${ms / SECOND} s`;
  const [hours, minutes, seconds] = [
    Math.floor(ms / HOUR),
    Math.floor((ms % HOUR) / MINUTE),
    Math.round((ms % MINUTE) / SECOND),
  ];
  if (step < MINUTE) {
    const clock = `${minutes}:${String(seconds).padStart(2, '0')}`;
    return hours > 0 ? `${hours}:${clock.padStart(5, '0')}` : `${clock} min`;
  }
  if (hours === 0) return `${minutes} min`;
  return minutes === 0 ? `${hours} h` : `${hours} h ${minutes}`;
}

/** Values from 0 up to a round number at or above `largest`, about four of them besides 0. */
export function valueTicks(largest: number, onlyWhole = false): number[] {
  const top = largest > 0 && Number.isFinite(largest) ? largest : 1;
  const raw = top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= raw) ?? 10;
  const step = onlyWhole ? Math.max(Math.ceil(factor * power), 1) : factor * power;
  const count = Math.max(Math.ceil(top / step - 1e-9), 1);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** A hundredth of a unit is far below a pixel. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
