import { expected } from '../../errors.js';
import type { Comparison, ComparisonSign } from './recipe.js';

const GRAMMAR = /^([A-Za-z_][\w:.-]*)(?:\s*(<=|>=|!=|==|=|<|>)\s*|\s+(in)\s+)(.+)$/s;

const HINT =
  'Compare with < <= > >= = != a number or a text, or with in a list: SPACECRAFT_ID in [LANDSAT_8, LANDSAT_9].';

/** Properties are short texts. */
const MAX_LENGTH = 10_000;

/**
 * Reads `CLOUDY_PIXEL_PERCENTAGE < 60`, `MGRS_TILE = 52XDF`, `SPACECRAFT_ID in ["LANDSAT_8", "LANDSAT_9"]`. What is
 * no JSON number is a text, which needs quotes where it has other letters than `A-Z a-z 0-9 _ . : + / -`.
 * @throws {InvalidInputError}
 */
export function parseComparison(text: string, subject: string): Comparison {
  const refuse = () => expected('a comparison such as CLOUD_COVER < 60', subject, text, HINT);
  const [, property, sign, list, rest] =
    text.length > MAX_LENGTH ? [] : (GRAMMAR.exec(text.trim()) ?? []);
  if (property === undefined || rest === undefined) throw refuse();
  const is = (sign === '==' ? '=' : (sign ?? list)) as ComparisonSign;
  const value = rest.startsWith('[') ? listOf(rest) : scalarOf(rest);
  if (value === undefined || (is === 'in') !== Array.isArray(value)) throw refuse();
  return { property, is, value };
}

type Scalar = string | number;

function listOf(text: string): readonly Scalar[] | undefined {
  if (!text.endsWith(']')) return undefined;
  const json = jsonOf(text);
  const items = Array.isArray(json)
    ? json.map((item) => (isScalar(item) ? item : undefined))
    : text
        .slice(1, -1)
        .split(',')
        .map((item) => scalarOf(item.trim()));
  return items.length > 0 && items.every(isScalar) ? items : undefined;
}

function scalarOf(text: string): Scalar | undefined {
  const json = jsonOf(text);
  if (isScalar(json)) return json;
  const quoted = /^'([^']*)'$/.exec(text)?.[1];
  return quoted ?? (/^[\w.:+/-]+$/.test(text) ? text : undefined);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
