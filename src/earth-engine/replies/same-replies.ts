import { EarthEngineError } from '../../errors.js';

/** Times in a row that a request gets the same wrong reply before that is the answer to it. */
const ENOUGH = 3;

/**
 * The same where other requests have got what they asked for: the service can answer, and what spoils replies
 * now and then may spoil one request's alike several times. With three of ten requests spoilt in ten ways that
 * happens three times in a row to one tile in ten thousand; with five a cube of a million tiles loses less than
 * one in expectation.
 */
const ENOUGH_BESIDE_RIGHT_ONES = 5;

/**
 * Counts how often in a row one request has got the same reply that is not what was asked for. Replies that
 * differ from try to try, as those do that come to harm on the way, are worth another try; the same again and
 * again is the answer.
 */
export class SameReplies {
  #last: string | undefined;
  #count = 0;

  /** Takes how a try failed. Refusals and broken connections show no reply, and count neither way. */
  note({ status, mismatch }: EarthEngineError): void {
    if (status === undefined || status < 200 || status >= 300) return;
    this.#count = mismatch === undefined ? 0 : mismatch === this.#last ? this.#count + 1 : 1;
    this.#last = mismatch;
  }

  /** @param othersFit whether other requests have got what they asked for */
  isEnough(othersFit: boolean): boolean {
    return this.#count >= (othersFit ? ENOUGH_BESIDE_RIGHT_ONES : ENOUGH);
  }

  /** What a request ends with that is tried no more: `error`, unless all that came was the same. */
  verdict(error: EarthEngineError): EarthEngineError {
    if (this.#count < 2 || error.mismatch === undefined) return error;
    const { status, mismatch } = error;
    return new EarthEngineError(
      'wrong-reply',
      `${error.message} It was the same ${this.#count} times in a row.`,
      status,
      { cause: error, mismatch },
    );
  }
}
