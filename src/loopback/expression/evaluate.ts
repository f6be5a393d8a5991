/**
 * Evaluates the Cloud API's expressions: `{ result, values }`, where each value node is one of a
 * constant, a list, a dictionary, a call, a reference to another node, a function definition or one
 * of its arguments.
 */
import type { Catalogue } from '../assets/catalogue.js';
import { refuse } from '../refusal.js';
import { ALGORITHMS } from './algorithms.js';
import { Arguments } from './arguments.js';
import { isTrue, type Lambda, type Value } from './value.js';

type Scope = ReadonlyMap<string, Value>;
type Json = Readonly<Record<string, unknown>>;

const NO_ARGUMENTS: Scope = new Map();

/** @throws {EarthEngineError} when the expression is malformed, or calls what this server does not evaluate. */
export function evaluate(expression: unknown, catalogue: Catalogue): Value {
  const { result, values } = asObject(expression, 'expression');
  if (typeof result !== 'string') throw refuse("The expression has no 'result'.");
  return new Evaluation(asObject(values, 'expression.values'), catalogue).reference(
    result,
    NO_ARGUMENTS,
  );
}

class Evaluation {
  /** By scope: what does not depend on a function's arguments is computed anew in each call. */
  private readonly done = new WeakMap<Scope, Map<string, Value>>();
  private readonly underWay = new WeakMap<Scope, Set<string>>();

  constructor(
    private readonly values: Json,
    private readonly catalogue: Catalogue,
  ) {}

  reference(key: string, scope: Scope): Value {
    // Within one call a key has one value, and sharing it is what keeps bands from being computed twice.
    const done = kept(this.done, scope, () => new Map<string, Value>());
    const known = done.get(key);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.values, key)) throw refuse(`Reference '${key}' is not defined.`);
    const underWay = kept(this.underWay, scope, () => new Set<string>());
    if (underWay.has(key)) throw refuse(`Reference '${key}' refers to itself.`);
    underWay.add(key);
    const value = this.node(this.values[key], scope);
    underWay.delete(key);
    done.set(key, value);
    return value;
  }

  private node(json: unknown, scope: Scope): Value {
    const node = asObject(json, 'value node');
    const [kind, content] = Object.entries(node)[0] ?? [];
    switch (kind) {
      case 'constantValue':
        return toValue(content);
      case 'integerValue':
        return Number(content);
      case 'arrayValue':
        return asArray(asObject(content, kind).values).map((item) => this.node(item, scope));
      case 'dictionaryValue':
        return {
          kind: 'Dictionary',
          entries: this.nodes(asObject(content, kind).values, scope),
        };
      case 'valueReference':
        return this.reference(String(content), scope);
      case 'argumentReference':
        return this.argument(String(content), scope);
      case 'functionInvocationValue':
        return this.invoke(asObject(content, kind), scope);
      case 'functionDefinitionValue':
        return this.define(asObject(content, kind), scope);
      default:
        throw refuse(
          `Value node '${kind ?? ''}' is not one of constantValue, integerValue, arrayValue, dictionaryValue, functionInvocationValue, functionDefinitionValue, valueReference, argumentReference.`,
        );
    }
  }

  private nodes(json: unknown, scope: Scope): Map<string, Value> {
    const entries = Object.entries(asObject(json ?? {}, 'arguments'));
    return new Map(entries.map(([name, node]) => [name, this.node(node, scope)]));
  }

  private argument(name: string, scope: Scope): Value {
    const value = scope.get(name);
    if (value === undefined) throw refuse(`Argument '${name}' is not defined.`);
    return value;
  }

  private invoke({ functionName, functionReference, ...call }: Json, scope: Scope): Value {
    if (typeof functionName !== 'string') {
      const called = this.reference(String(functionReference), scope);
      if (called === null || typeof called !== 'object' || !('call' in called)) {
        throw refuse(`Reference '${String(functionReference)}' is not a function.`);
      }
      const given = this.nodes(call.arguments, scope);
      checkNames(called, given, String(functionReference));
      return called.call(given);
    }
    const algorithm = ALGORITHMS.get(functionName);
    // Before its arguments: the outermost function is the one the caller will recognise.
    if (algorithm === undefined) {
      throw refuse(
        `Function '${functionName}' is not evaluated by the loopback Earth Engine; GET /v1/projects/{project}/algorithms lists those that are.`,
      );
    }
    if (functionName === 'If') return this.choose(asObject(call.arguments, 'arguments'), scope);
    const given = this.nodes(call.arguments, scope);
    for (const name of given.keys()) {
      if (!algorithm.parameters.some((parameter) => parameter.name === name)) {
        throw refuse(`${functionName}: Unrecognized argument '${name}'.`);
      }
    }
    return algorithm.evaluate(new Arguments(functionName, given), this.catalogue);
  }

  /** Only the case that holds is evaluated: the other may well be an error. */
  private choose(given: Json, scope: Scope): Value {
    const argument = (name: string) =>
      given[name] === undefined ? null : this.node(given[name], scope);
    return argument(isTrue(argument('condition')) ? 'trueCase' : 'falseCase');
  }

  private define({ argumentNames, body }: Json, scope: Scope): Lambda {
    const names = asArray(argumentNames).map(String);
    return {
      kind: 'Function',
      argumentNames: names,
      call: (given) => this.reference(String(body), new Map([...scope, ...given])),
    };
  }
}

/** A function is given each of its arguments, and no others. */
function checkNames(
  { argumentNames }: Lambda,
  given: ReadonlyMap<string, Value>,
  key: string,
): void {
  const missing = argumentNames.find((name) => !given.has(name));
  if (missing !== undefined)
    throw refuse(`Function '${key}': Parameter '${missing}' is required and may not be null.`);
  const other = [...given.keys()].find((name) => !argumentNames.includes(name));
  if (other !== undefined) throw refuse(`Function '${key}': Unrecognized argument '${other}'.`);
}

function kept<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** A constant as it stands in the JSON. */
function toValue(json: unknown): Value {
  if (json === null || json === undefined) return null;
  if (typeof json === 'boolean' || typeof json === 'number' || typeof json === 'string')
    return json;
  if (Array.isArray(json)) return json.map(toValue);
  const entries = Object.entries(asObject(json, 'constant'));
  return { kind: 'Dictionary', entries: new Map(entries.map(([k, v]) => [k, toValue(v)])) };
}

function asObject(json: unknown, what: string): Json {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  throw refuse(`The ${what} is not an object.`);
}

function asArray(json: unknown): readonly unknown[] {
  if (json === undefined) return [];
  if (Array.isArray(json)) return json;
  throw refuse('The list of values is not an array.');
}
