import type { Catalogue } from '../assets/catalogue.js';
import type { Arguments } from './arguments.js';
import { parseSignature, type Signature } from './signature.js';
import type { Value } from './value.js';

/** A function this server evaluates: its signature as published (see `signature.ts`), and what it does. */
export interface Definition {
  readonly signature: string;
  readonly description: string;
  evaluate(given: Arguments, catalogue: Catalogue): Value;
}

export type Definitions = Readonly<Record<string, Definition>>;

export interface Algorithm extends Signature, Omit<Definition, 'signature'> {}

export function toAlgorithm({ signature, description, evaluate }: Definition): Algorithm {
  return { ...parseSignature(signature), description, evaluate };
}

/** One entry of the reply to `GET .../algorithms`. */
export function toListing(name: string, { description, returns, parameters }: Algorithm): object {
  return {
    name: `algorithms/${name}`,
    description,
    returnType: returns,
    arguments: parameters.map((parameter) => ({
      argumentName: parameter.name,
      type: parameter.type,
      ...('otherwise' in parameter ? { optional: true, defaultValue: parameter.otherwise } : {}),
    })),
  };
}
