/** What is wrong with a dataset file, in the words of this project's other messages. */
import type { z } from 'zod';
import { expected, type InvalidInputError } from '../../errors.js';
import { gridEntry } from '../grid/grid-entry.js';
import { pixelMaskEntry } from '../recipe/recipe-entry.js';
import { bandEntry, datasetFile, regularTimeEntry } from './dataset-file.js';

type Issue = z.core.$ZodIssue;

/** The error that names the field, what was expected there, and what came. */
export function issueError({
  issue,
  path,
}: {
  issue: Issue;
  path: Issue['path'];
}): InvalidInputError {
  const [branch] =
    issue.code === 'invalid_union' ? issue.errors.filter((issues) => isAbout(issues[0])) : [];
  const inner = branch?.[0];
  if (inner !== undefined) return issueError({ issue: inner, path: [...path, ...inner.path] });
  const where = path.length === 0 ? 'the dataset' : `"${path.join('.')}" of the dataset`;
  return issue.code === 'unrecognized_keys'
    ? expected(`no fields but ${knownFields(path).join(', ')}`, where, issue.keys.join(', '))
    : expected(wordsOf(issue), where, shown(issue.input), hintFor(path));
}

/** What those need to know who have other conventions in mind. */
function hintFor([first, second]: Issue['path']): string | undefined {
  return first === 'grid' && second === 'resolution'
    ? 'Both sides of a pixel, [x, y], are positive; rows run from north to south.'
    : undefined;
}

/** True for the branch of a union that fits what came, but for a detail. */
function isAbout(issue: Issue | undefined): boolean {
  return issue !== undefined && (issue.path.length > 0 || issue.code !== 'invalid_type');
}

/** The fields of the object at `path`. */
function knownFields([first]: Issue['path']): string[] {
  switch (first) {
    case undefined:
      return Object.keys(datasetFile.shape);
    case 'grid':
      return Object.keys(gridEntry.shape);
    case 'mask':
      return Object.keys(pixelMaskEntry.shape);
    case 'reduce':
      return ['percentile'];
    case 'time':
      return Object.keys(regularTimeEntry.shape);
    default:
      return Object.keys(bandEntry.shape);
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  record: 'an object',
  object: 'an object',
  null: 'null',
};

function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? String(issue.values[0])
        : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_union': {
      const words = issue.errors.flatMap(([first]) => (first === undefined ? [] : wordsOf(first)));
      return [...new Set(words)].join(' or ') || issue.message;
    }
    default:
      return issue.message;
  }
}

function bound(origin: string, words: string, limit: number | bigint): string {
  if (origin === 'string')
    return limit === 1 ? 'a text that is not empty' : `a text of ${words} ${limit} characters`;
  if (origin === 'array') return `a list of ${words} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `a number of ${words} ${limit}`;
}

function shown(input: unknown): unknown {
  if (input === undefined) return 'nothing';
  if (typeof input !== 'object') return input;
  const json = JSON.stringify(input);
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
}
