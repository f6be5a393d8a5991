/** What the reader of the terminal sees: one line per step that did something, then a total. */

/** A failure the reader can do something about. `next` is the command to type. */
export class SetupFailure extends Error {
  /**
   * @param {string} reason one line: what could not be done and why
   * @param {string} next the next command to type
   */
  constructor(reason, next) {
    super(reason);
    this.name = 'SetupFailure';
    this.next = next;
  }
}

/**
 * What a step answers.
 * @typedef {object} StepResult
 * @property {string} state what is in place now, for the last line
 * @property {string} [did] what was done; absent when there was nothing to do
 */

/**
 * @param {(line: string) => void} write
 * @param {() => number} now milliseconds, monotonic
 */
export function createReporter(write, now = () => performance.now()) {
  const start = now();
  /** @type {string[]} */
  const states = [];
  let worked = false;
  return {
    /** A line in between: what is about to take long, or what was tried in vain. */
    note: (/** @type {string} */ text) => write(`setup: ${text}`),

    /**
     * @param {string} name
     * @param {() => StepResult | Promise<StepResult>} work
     */
    async step(name, work) {
      const from = now();
      const { did, state } = await work();
      states.push(state);
      if (did === undefined) return;
      worked = true;
      write(`setup: ${name}: ${did} (${seconds(now() - from)})`);
    },

    finish() {
      const lead = worked ? 'ready' : 'nothing to do';
      write(`setup: ${lead} in ${seconds(now() - start)}: ${states.join(', ')}`);
    },

    /** @param {SetupFailure} failure */
    fail(failure) {
      write(`setup failed after ${seconds(now() - start)}: ${failure.message}`);
      write(`Next: ${failure.next}`);
    },
  };
}

/** @param {number} ms */
export function seconds(ms) {
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
