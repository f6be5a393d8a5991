import type { Catalogue } from '../assets/catalogue.js';
import type { Arguments } from './arguments.js';
import type { Value } from './value.js';

/** A function this server evaluates: the signature clients are told, and what it does. */
export interface Algorithm {
  readonly description: string;
  readonly returns: string;
  readonly parameters: readonly Parameter[];
  evaluate(given: Arguments, catalogue: Catalogue): Value;
}

export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Present (null included) when the parameter may be left out. */
  readonly otherwise?: string | number | boolean | null;
}

export type Algorithms = Readonly<Record<string, Algorithm>>;

/** One entry of the reply to `GET .../algorithms`. */
export function toListing(name: string, { description, returns, parameters }: Algorithm): object {
  return {
    name: `algorithms/${name}`,
    description,
    returnType: returns,
    arguments: parameters.map((parameter) => ({
      argumentName: parameter.name,
      type: parameter.type,
      ...(parameter.description === undefined ? {} : { description: parameter.description }),
      ...(parameter.otherwise === undefined
        ? {}
        : { optional: true, defaultValue: parameter.otherwise }),
    })),
  };
}
