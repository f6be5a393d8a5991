/**
 * The bodies of requests as Google's own client knows them: the classes that it is generated with tell which
 * fields a message has, which are messages, lists, maps and enums. They do not tell the types of plain
 * fields; those are of the REST reference.
 */
import { createRequire } from 'node:module';

const { api } = createRequire(import.meta.url)('@google/earthengine');

/** The message that each method takes, by the word after the colon of its path. */
const MESSAGES = {
  computePixels: 'ComputePixelsRequest',
  getPixels: 'GetPixelsRequest',
  compute: 'ComputeValueRequest',
};

/** Types of plain fields, which the classes leave open. */
const PLAIN = {
  ComputePixelsRequest: { bandIds: 'string[]', workloadTag: 'tag' },
  GetPixelsRequest: { bandIds: 'string[]', workloadTag: 'tag' },
  ComputeValueRequest: { workloadTag: 'tag' },
  PixelGrid: { crsCode: 'string', crsWkt: 'string' },
  GridDimensions: { height: 'int32', width: 'int32' },
  AffineTransform: {
    scaleX: 'double',
    scaleY: 'double',
    shearX: 'double',
    shearY: 'double',
    translateX: 'double',
    translateY: 'double',
  },
  Expression: { result: 'string' },
  ValueNode: {
    argumentReference: 'string',
    bytesValue: 'string',
    constantValue: 'any',
    integerValue: 'string',
    valueReference: 'string',
  },
  ArrayValue: {},
  DictionaryValue: {},
  FunctionDefinition: { argumentNames: 'string[]', body: 'string' },
  FunctionInvocation: { functionName: 'string', functionReference: 'string' },
};

/** What a request must have, and fields of which only one may be set. */
const NEEDED = {
  ComputePixelsRequest: ['expression', 'fileFormat', 'grid'],
  ComputeValueRequest: ['expression'],
  PixelGrid: ['affineTransform', 'dimensions'],
  GridDimensions: ['height', 'width'],
  Expression: ['result', 'values'],
  FunctionDefinition: ['body'],
};
const ONE_OF = {
  PixelGrid: ['crsCode', 'crsWkt'],
  FunctionInvocation: ['functionName', 'functionReference'],
  ValueNode: [
    ...['argumentReference', 'arrayValue', 'bytesValue', 'constantValue', 'dictionaryValue'],
    ...['functionDefinitionValue', 'functionInvocationValue', 'integerValue', 'valueReference'],
  ],
};

const IS = {
  string: (value) => typeof value === 'string',
  // What ee.data.setWorkloadTag takes.
  tag: (value) =>
    typeof value === 'string' && /^([a-z0-9]|[a-z0-9][-_a-z0-9]{0,61}[a-z0-9])$/.test(value),
  'string[]': (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  int32: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
  double: (value) => typeof value === 'number',
  any: () => true,
};

const NAMES = new Map(
  [...Object.keys(PLAIN)].map((name) => [/** @type {Function} */ (api[name]), name]),
);

/**
 * The messages that the checks know, each with its plain fields and what is said here of their types.
 * @returns {{ name: string, fields: string[], typed: string[] }[]}
 */
export function knownMessages() {
  return Object.entries(PLAIN).map(([name, plain]) => {
    const { keys, arrays, objects, objectMaps, enums } = metadataOf(name);
    const structured = new Set([arrays, objects, objectMaps, enums].flatMap(Object.keys));
    return {
      name,
      fields: keys.filter((key) => !structured.has(key)).sort(),
      typed: Object.keys(plain).sort(),
    };
  });
}

/**
 * @param {string} verb of the method, such as `computePixels`
 * @param {unknown} body
 * @returns {string[]} what is wrong with the fields of a body, and where
 */
export function checkFields(verb, body) {
  const name = MESSAGES[/** @type {keyof typeof MESSAGES} */ (verb)];
  if (name === undefined) return [`"${verb}" is a method whose body is not known`];
  return [...checkMessage(name, body, name)];
}

/** @returns {Iterable<string>} */
function* checkMessage(name, value, path) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield `${path}: expected an object but received ${JSON.stringify(value)}`;
    return;
  }
  const { keys, arrays, objects, objectMaps, enums } = metadataOf(name);
  for (const [key, each] of Object.entries(value)) {
    const at = `${path}.${key}`;
    if (!keys.includes(key)) yield `${at}: ${name} has no such field`;
    else if (key in objects) yield* checkMessage(nameOf(objects[key]), each, at);
    else if (key in arrays) yield* checkEach(nameOf(arrays[key]), each, Array.isArray(each), at);
    else if (key in objectMaps) yield* checkMap(objectMaps[key], each, at);
    else if (key in enums) yield* checkEnum(enums[key], each, at);
    else yield* checkPlain(PLAIN[name]?.[key], each, at);
  }
  for (const key of NEEDED[name] ?? []) {
    if (value[key] === undefined) yield `${path}.${key}: is needed but not there`;
  }
  const choices = ONE_OF[name];
  const chosen = choices?.filter((key) => value[key] !== undefined);
  if (chosen !== undefined && chosen.length !== 1)
    yield `${path}: expected one of ${choices.join(', ')} but received ${chosen.join(' and ') || 'none'}`;
}

function* checkEach(name, values, isRight, path) {
  if (!isRight || values === null) {
    yield `${path}: received ${JSON.stringify(values)}`;
    return;
  }
  for (const [key, each] of Object.entries(values))
    yield* checkMessage(name, each, `${path}.${key}`);
}

function* checkMap({ ctor, isPropertyArray, isSerializable }, value, path) {
  const isMap = typeof value === 'object' && !Array.isArray(value);
  if (isPropertyArray || !isSerializable) yield `${path}: is a map whose values are not known here`;
  else yield* checkEach(nameOf(ctor), value, isMap, path);
}

function* checkEnum(values, value, path) {
  if (!values.values().includes(value))
    yield `${path}: expected one of ${values.values().join(', ')} but received ${JSON.stringify(value)}`;
}

function* checkPlain(type, value, path) {
  if (type === undefined) yield `${path}: is a field whose type is not known here`;
  else if (!IS[type](value))
    yield `${path}: expected ${type} but received ${JSON.stringify(value)}`;
}

function nameOf(ctor) {
  return NAMES.get(ctor) ?? 'a message that is not known here';
}

function metadataOf(name) {
  if (api[name] === undefined)
    return { keys: [], arrays: {}, objects: {}, objectMaps: {}, enums: {} };
  return new api[name]().getClassMetadata();
}
