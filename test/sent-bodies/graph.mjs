/**
 * The graph of an expression: every reference leads somewhere, none leads back, every function is
 * published, and is called with the arguments that it has.
 */
import { ANYTHING, fits, SIGNATURES, typesOfConstant } from './signatures.mjs';

/**
 * @param {{ result: string, values: Record<string, any> }} expression whose fields have been checked
 * @returns {string[]} what is wrong with it
 */
export function checkGraph({ result, values }) {
  const walk = new Walk(values);
  walk.named(result, 'result', new Set());
  // What nothing refers to is read all the same.
  for (const name of Object.keys(values)) {
    if (!walk.types.has(name)) walk.named(name, 'values', new Set());
  }
  return walk.problems;
}

class Walk {
  /** @type {string[]} */
  problems = [];
  /** Types of the values that were come by; `undefined` while one is being walked. */
  types = new Map();

  constructor(values) {
    this.values = values;
  }

  /** @returns {string[]} the types that the value `name` may be taken for */
  named(name, path, bound) {
    if (!Object.hasOwn(this.values, name)) {
      this.problems.push(`${path}: refers to "${name}", which is not there`);
      return [ANYTHING];
    }
    if (this.types.has(name)) {
      const types = this.types.get(name);
      if (types === undefined)
        this.problems.push(`${path}: refers to "${name}", which it is part of`);
      return types ?? [ANYTHING];
    }
    this.types.set(name, undefined);
    const types = this.node(this.values[name], `values.${name}`, bound);
    this.types.set(name, types);
    return types;
  }

  /** @param {Set<string>} bound names of the arguments of the functions around it */
  node(node, path, bound) {
    const [[kind, content]] = Object.entries(node);
    switch (kind) {
      case 'constantValue':
        return typesOfConstant(content);
      case 'integerValue':
        return ['Number'];
      case 'valueReference':
        return this.named(content, path, bound);
      case 'argumentReference':
        if (!bound.has(content))
          this.problems.push(`${path}: no function around it has "${content}"`);
        return [ANYTHING];
      case 'arrayValue': {
        const items = (content.values ?? []).flatMap((each, i) =>
          this.node(each, `${path}.${i}`, bound),
        );
        return [...new Set(items.length === 0 ? [ANYTHING] : items)].map((item) => `List<${item}>`);
      }
      case 'dictionaryValue':
        for (const [key, each] of Object.entries(content.values ?? {}))
          this.node(each, `${path}.${key}`, bound);
        return ['Dictionary'];
      case 'functionDefinitionValue':
        this.named(
          content.body,
          `${path}.body`,
          new Set([...bound, ...(content.argumentNames ?? [])]),
        );
        return ['Algorithm'];
      case 'functionInvocationValue':
        return this.call(content, path, bound);
      default:
        return [ANYTHING];
    }
  }

  call({ functionName, functionReference, arguments: given = {} }, path, bound) {
    const types = Object.entries(given).map(([name, node]) => {
      const isConstant = 'constantValue' in node;
      return { name, isConstant, types: this.node(node, `${path}.${name}`, bound) };
    });
    if (functionReference !== undefined) {
      this.named(functionReference, path, bound);
      return [ANYTHING];
    }
    const signature = SIGNATURES.get(functionName);
    if (signature === undefined) {
      this.problems.push(`${path}: ${functionName} is not among the published functions`);
      return [ANYTHING];
    }
    const wanted = new Map((signature.arguments ?? []).map((each) => [each.argumentName, each]));
    for (const { name, types: those, isConstant } of types) {
      const argument = wanted.get(name);
      const at = `${path}: ${functionName}, argument "${name}"`;
      if (argument === undefined) this.problems.push(`${at}, which it does not have`);
      else if (!those.every((type) => fits(type, argument.type, isConstant)))
        this.problems.push(`${at}: expected ${argument.type} but received ${those.join(' or ')}`);
    }
    for (const [name, { optional }] of wanted) {
      if (optional !== true && !Object.hasOwn(given, name))
        this.problems.push(`${path}: ${functionName} lacks "${name}"`);
    }
    return [signature.returnType];
  }
}
