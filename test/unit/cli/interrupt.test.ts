import { afterEach, expect, test, vi } from 'vitest';
import { abortOnSignals } from '../../../src/cli/interrupt.js';

afterEach(() => vi.restoreAllMocks());

test('the first SIGINT or SIGTERM aborts the work, the second ends the process with code 130', () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const interrupt = abortOnSignals();
    expect(interrupt.signal.aborted).toBe(false);
    process.emit(name, name);
    expect(interrupt.signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    process.emit(name, name);
    expect(exit).toHaveBeenCalledWith(130);
    exit.mockClear();
    interrupt.release();
  }
});

test('after release signals are left to others', () => {
  const before = process.listenerCount('SIGINT');
  const interrupt = abortOnSignals();
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  interrupt.release();
  expect(process.listenerCount('SIGINT')).toBe(before);
});
