import { refuse } from '../../refusal.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { type Percentile, STATISTICS, type Statistic, statisticOf } from '../statistics.js';
import type { Output, Reducer } from '../value.js';
import { type Dictionary, isList, kindOf, type Value } from '../value.js';

const WITHOUT_INPUTS = '() => Reducer';
const WITH_INPUTS = '(numInputs: Integer = 1) => Reducer';
const WITH_BUCKETS =
  '(maxBuckets: Integer = null, minBucketWidth: Float = null, maxRaw: Integer = null) => Reducer';

const SIGNATURES: Partial<Record<Statistic, string>> = {
  min: WITH_INPUTS,
  max: WITH_INPUTS,
  median: WITH_BUCKETS,
  mode: WITH_BUCKETS,
};

/** What collections, lists and stacks of pixels can be reduced by. */
export const REDUCERS: Definitions = {
  ...Object.fromEntries(
    STATISTICS.map((statistic): [string, Definition] => [
      `Reducer.${statistic}`,
      {
        description: `The ${statistic} of the values.`,
        signature: SIGNATURES[statistic] ?? WITHOUT_INPUTS,
        evaluate: (given) => {
          refuseOthers(given);
          return namedReducer(statistic);
        },
      },
    ]),
  ),
  'Reducer.firstNonNull': {
    description: 'The first of the values that is not null.',
    signature: WITHOUT_INPUTS,
    evaluate: () => namedReducer('first'),
  },
  'Reducer.percentile': {
    description:
      'Percentiles of the values; p0, p50 and p100 are the least, the median and the greatest.',
    signature:
      '(percentiles: List<Number>, outputNames: List<String> = null, maxBuckets: Integer = null, minBucketWidth: Float = null, maxRaw: Integer = null) => Reducer',
    evaluate: percentiles,
  },
  'Reducer.minMax': {
    description: 'The least and the greatest of the values.',
    signature: WITHOUT_INPUTS,
    evaluate: () => ({
      kind: 'Reducer',
      inputs: 1,
      outputs: [...namedReducer('min').outputs, ...namedReducer('max').outputs],
    }),
  },
  'Reducer.toList': {
    description: 'The values as a list.',
    signature: '(tupleSize: Integer = null, numOptional: Integer = 0) => Reducer',
    evaluate: (given) => {
      const optional = given.optional('numOptional');
      if (given.optional('tupleSize') !== undefined || (optional !== undefined && optional !== 0)) {
        throw given.refuse('Tuples are not known to the loopback Earth Engine.');
      }
      const list: Output = { name: 'list', input: 0, reduce: (values) => values };
      return { kind: 'Reducer', inputs: 1, outputs: [list] };
    },
  },
  'Reducer.repeat': {
    description: 'The reducer once for each of so many inputs; each output is a list of theirs.',
    signature: '(reducer: Reducer, count: Integer) => Reducer',
    evaluate: (given) => repeat(given.reducer('reducer'), given.integer('count')),
  },
  'Reducer.combine': {
    description: 'Two reducers at once, of inputs of their own or of the same ones.',
    signature:
      '(reducer1: Reducer, reducer2: Reducer, outputPrefix: String = "", sharedInputs: Boolean = false) => Reducer',
    evaluate: (given) => {
      const one = given.reducer('reducer1');
      const other = given.reducer('reducer2');
      const isShared = given.boolean('sharedInputs', false);
      if (isShared && one.inputs !== other.inputs) {
        throw given.refuse('Reducers that share inputs must have the same number of them.');
      }
      const prefix = given.optional('outputPrefix') ?? '';
      const outputs = other.outputs.map((output) => ({
        ...output,
        name: `${String(prefix)}${output.name}`,
        input: output.input + (isShared ? 0 : one.inputs),
      }));
      return {
        kind: 'Reducer',
        inputs: isShared ? one.inputs : one.inputs + other.inputs,
        outputs: [...one.outputs, ...outputs],
      };
    },
  },
};

/** Of buckets nothing is known here. */
function refuseOthers(given: Arguments): void {
  for (const name of ['numInputs', 'maxBuckets', 'minBucketWidth', 'maxRaw']) {
    const value = given.optional(name);
    if (value !== undefined && !(name === 'numInputs' && value === 1)) {
      throw given.refuse(`'${name}' is not known to the loopback Earth Engine.`);
    }
  }
}

function percentiles(given: Arguments): Reducer {
  refuseOthers(given);
  const wanted = given.list('percentiles').map((value): Percentile => {
    if (typeof value === 'number' && value >= 0 && value <= 100) return `p${value}`;
    throw given.refuse('Percentiles must be numbers from 0 to 100.');
  });
  const names = given.optional('outputNames') === undefined ? wanted : given.names('outputNames');
  if (names.length !== wanted.length) {
    throw given.refuse(`Need ${wanted.length} names for the outputs but got ${names.length}.`);
  }
  const outputs = wanted.flatMap((statistic, at) =>
    namedReducer(statistic).outputs.map((output) => ({ ...output, name: names[at] ?? statistic })),
  );
  return { kind: 'Reducer', inputs: 1, outputs };
}

export function namedReducer(statistic: Statistic): Reducer {
  const reduce = (values: readonly Value[]): Value => {
    if (statistic === 'count') return values.length;
    if (statistic === 'first') return values[0] ?? null;
    if (statistic === 'last') return values.at(-1) ?? null;
    const result = statisticOf(statistic, Float64Array.from(values, toNumber), values.length);
    return Number.isNaN(result) ? null : result;
  };
  return {
    kind: 'Reducer',
    inputs: 1,
    outputs: [{ name: statistic, input: 0, reduce, statistic }],
  };
}

function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  throw refuse(`A value of type ${kindOf(value)} cannot be reduced to a number.`);
}

function repeat(reducer: Reducer, count: number): Reducer {
  if (count < 1 || count > 1000) throw refuse('Reducer.repeat: the count must be 1 to 1000.');
  const repeated: Output[] = reducer.outputs.map(({ name, input, reduce }) => ({
    name,
    input: -1,
    reduce: (rows) =>
      Array.from({ length: count }, (_, at) =>
        reduce(rows.map((row) => itemOf(row, at * reducer.inputs + input))),
      ),
  }));
  return { kind: 'Reducer', inputs: reducer.inputs * count, outputs: repeated };
}

function itemOf(row: Value, at: number): Value {
  return isList(row) ? (row[at] ?? null) : null;
}

/** @param rows a list of the reducer's inputs for each element */
export function applyReducer(
  { outputs }: Reducer,
  rows: readonly (readonly Value[])[],
): Dictionary {
  const entries = outputs.map(({ name, input, reduce }): [string, Value] => {
    // Repeated reducers take whole rows.
    const values = input < 0 ? rows : rows.map((row) => row[input] ?? null);
    return [name, reduce(values.filter((value) => value !== null))];
  });
  return { kind: 'Dictionary', entries: new Map(entries) };
}
