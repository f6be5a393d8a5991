/** Numbers with their units, for people. */

/** A whole number with commas, as `1,240`. Node's own formatter of numbers takes 30 ms to be there. */
export function formatCount(count: number): string {
  return count.toFixed(0).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Three digits, as `0.42`, `18.3`, `1,240`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5) return formatCount(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return size === 0 ? '0' : value.toFixed(2);
}

/** A round number, as ticks are: without zeros at its end. */
export function formatTick(value: number): string {
  return value >= 1000 ? formatCount(value) : String(Number(value.toPrecision(6)));
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes in decimal units, as the summary on the terminal has them. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? formatCount(value) : formatNumber(value)} ${BYTE_UNITS[unit]}`;
}

/** A round number of bytes: `200 MB`, `1.5 GB`. */
export function formatByteTick(bytes: number): string {
  const unit = bytes >= 1e9 ? 3 : bytes >= 1e6 ? 2 : bytes >= 1e3 ? 1 : 0;
  return bytes === 0 ? '0' : `${formatTick(bytes / 1000 ** unit)} ${BYTE_UNITS[unit]}`;
}

/** `38 ms`, `4.2 s`, `12 min 5 s`, `3 h 20 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return ms < 0.05 ? '0 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** `2025-03-01 18:04:05 UTC`, from milliseconds since the epoch. */
export function formatMoment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The middle of the values, the lower one of two; `undefined` of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
