import { expected } from '../errors.js';

/** As Google's clients check it: their documentation speaks of capitals and dots too, which they refuse. */
const FORM = /^[a-z0-9](?:[-_a-z0-9]{0,61}[a-z0-9])?$/;

const LONGEST = 63;

/**
 * The tag that goes with each request for pixels, by which Earth Engine's accounting tells the requests of one
 * cube from others. The empty text stands for none.
 * @throws {InvalidInputError} for another form.
 */
export function checkWorkloadTag(tag: string, subject: string): string | undefined {
  if (tag === '') return undefined;
  if (FORM.test(tag)) return tag;
  throw expected(
    `up to ${LONGEST} of a-z, 0-9, - and _, with a letter or digit at both ends,`,
    subject,
    tag,
    'An empty text is for no tag.',
  );
}

/** A tag made from a cube's title; `undefined` where nothing of it can stand in one. */
export function workloadTagOf(title: string): string | undefined {
  const tag = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, LONGEST)
    .replace(/[-_]+$/, '');
  return tag === '' ? undefined : tag;
}
