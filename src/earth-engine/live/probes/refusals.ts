/** Refusals that can be had without harm: each is made before anything is computed. */
import { call, constant, image } from '../../expressions/expression.js';
import { MAX_REQUEST_BYTES, MAX_SIDE } from '../../limits.js';
import {
  type Answer,
  type Ask,
  confirmed,
  differs,
  type Judgement,
  type Probe,
  unasked,
} from '../probe.js';
import { box, cast, pixels } from './images.js';

/** One band of bytes just over the limit without its mask byte, so that it is refused however bytes are counted. */
const SIDE = Math.ceil(Math.sqrt(MAX_REQUEST_BYTES)) + 1;
const TOO_LARGE = box(11, 48.2, 1e-6, [SIDE, SIDE]);

const NO_ASSET = 'GEOCUBES/NO_SUCH_ASSET';

const byte = cast('uint8', image(7));
const unmasked = cast(
  'uint8',
  call('Image.unmask', { input: image(7), value: image(0), sameFootprint: constant(false) }),
);

export const REFUSAL_ASKS: Readonly<Record<string, Ask>> = {
  'too-large': pixels(byte, TOO_LARGE),
  'too-large-unmasked': pixels(unmasked, TOO_LARGE),
  'too-long': pixels(byte, box(11, 48.2, 1e-6, [1, MAX_SIDE + 1])),
  'no-asset': pixels(call('Image.load', { id: constant(NO_ASSET) })),
  'get-no-asset': {
    kind: 'get',
    path: `/v1/projects/earthengine-public/assets/${NO_ASSET}`,
  },
  'no-function': pixels(call('Image.geocubesNoSuchFunction', { image: image(7) })),
};

export const REFUSAL_PROBES: readonly Probe[] = [
  {
    id: 'mask-bytes',
    title: 'A byte of mask is counted for each pixel of each band, unmasked ones too',
    expected: `${SIDE * SIDE * 2} bytes in the refusal of ${SIDE} x ${SIDE} pixels of one byte`,
    asks: ['too-large', 'too-large-unmasked'],
    judge(answers) {
      const counted = answers.map((answer) => {
        if (answer.kind === 'none') return undefined;
        return answer.kind === 'refusal'
          ? (/\((\d+) bytes\)/.exec(answer.message)?.[1] ?? answer.message)
          : 'no refusal';
      });
      if (counted.includes(undefined)) return unasked('nothing came');
      const words = `${counted[0]} bytes; after unmask ${counted[1]} bytes`;
      return counted.every((bytes) => bytes === String(SIDE * SIDE * 2))
        ? confirmed(words)
        : differs(words);
    },
  },
  {
    id: 'too-large',
    title: 'A request of more bytes than may be',
    expected: `400, "Total request size (...) must be less than or equal to ${MAX_REQUEST_BYTES} bytes.", which the client cuts in two`,
    asks: ['too-large'],
    judge: ([answer]) =>
      refusal(answer, 400, 'too-large', `must be less than or equal to ${MAX_REQUEST_BYTES}`),
  },
  {
    id: 'too-long',
    title: 'A grid with more pixels on a side than may be',
    expected: `400, "Pixel grid dimensions (...) must be less than or equal to ${MAX_SIDE}.", which the client cuts in two`,
    asks: ['too-long'],
    judge: ([answer]) =>
      refusal(answer, 400, 'too-large', `must be less than or equal to ${MAX_SIDE}`),
  },
  {
    id: 'no-asset',
    title: 'Pixels of an asset that is not there',
    expected: '400, "... not found (does not exist or caller does not have access)."',
    asks: ['no-asset'],
    judge: ([answer]) => refusal(answer, 400, 'not-found', 'not found'),
  },
  {
    id: 'get-no-asset',
    title: 'GET of an asset that is not there',
    expected: '404',
    asks: ['get-no-asset'],
    judge: ([answer]) => refusal(answer, 404, 'not-found', ''),
  },
  {
    id: 'no-function',
    title: 'A function that is not there',
    expected: '400, which ends a run',
    asks: ['no-function'],
    judge: ([answer]) => refusal(answer, 400, 'bad-request', ''),
  },
];

/** @param taken the kind of error that the client must make of it */
export function refusal(
  answer: Answer | undefined,
  status: number,
  taken: string,
  words: string,
): Judgement {
  if (answer === undefined || answer.kind === 'none')
    return unasked(answer?.reason ?? 'nothing was asked');
  if (answer.kind !== 'refusal') return differs('no refusal');
  const came = `${answer.status}: ${answer.message}`;
  if (['quota', 'transient', 'credentials'].includes(answer.taken)) return unasked(came);
  if (answer.status === status && answer.taken === taken && answer.message.includes(words))
    return confirmed(came);
  return differs(
    answer.taken === taken ? came : `${came} (the client takes it for ${answer.taken})`,
  );
}
