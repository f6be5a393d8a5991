/**
 * The part of XML that VRTs are written in, read strictly and written anew: GDAL's own reader takes much that
 * is no XML, and what it is given must be what was checked. No entities but the five, no DTD.
 */
import { expected } from '../../../errors.js';

export interface Element {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: Element[];
  /** Of the element itself, without its children's. */
  text: string;
}

const NAME = '[A-Za-z_][\\w.-]*';
const TOKEN = new RegExp(
  [
    `<(?<open>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(?<empty>/?)>`,
    `</(?<close>${NAME})\\s*>`,
    '<!--(?:(?!--)[\\s\\S])*-->',
    '<!\\[CDATA\\[(?<cdata>(?:(?!\\]\\]>)[\\s\\S])*)\\]\\]>',
    '(?<text>[^<]+)',
  ].join('|'),
  'y',
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g');

/** Levels of elements: GDAL writes eight at the most. */
const MAX_DEPTH = 64;

/** @throws {InvalidInputError} where it is not well-formed, naming the document. */
export function parseXml(document: string, subject: string): Element {
  const text = document.replace(/^\uFEFF/, '').replace(/^\s*<\?xml\s[^<>?]*\?>/, '');
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open: Element[] = [root];
  // One of its own: it remembers where it is.
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const groups = token.exec(text)?.groups;
    const parent = open[open.length - 1] as Element;
    if (groups === undefined || open.length > MAX_DEPTH)
      throw expected('well-formed XML', subject, text.slice(at, at + 40).trim());
    if (groups.open !== undefined) {
      const element = elementOf(groups.open, groups.attributes ?? '', subject);
      parent.children.push(element);
      if (groups.empty === '') open.push(element);
    } else if (groups.close !== undefined) {
      if (groups.close !== parent.name || open.length === 1)
        throw expected(`the end of ${parent.name || 'nothing'}`, subject, `</${groups.close}>`);
      open.pop();
    } else if (groups.cdata !== undefined) parent.text += groups.cdata;
    else if (groups.text !== undefined) parent.text += decode(groups.text, subject);
  }
  const [first] = root.children;
  if (first === undefined || root.children.length > 1 || open.length > 1 || root.text.trim() !== '')
    throw expected('one XML element', subject, open.length > 1 ? 'an unfinished one' : 'others');
  return first;
}

function elementOf(name: string, attributes: string, subject: string): Element {
  const found = new Map<string, string>();
  for (const [, key = '', double, single] of attributes.matchAll(ATTRIBUTE)) {
    // GDAL takes names in any case, and the first of those that it takes for the same.
    const isTwice = [...found.keys()].some((known) => known.toLowerCase() === key.toLowerCase());
    if (isTwice) throw expected('each attribute once', subject, `${name} ${key}`);
    found.set(key, decode(double ?? single ?? '', subject));
  }
  return { name, attributes: found, children: [], text: '' };
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function decode(text: string, subject: string): string {
  return text.replace(/&([^;&\s]{0,8};?)/g, (whole, body: string) => {
    const [, decimal, hex] = /^#(?:(\d+)|x([\da-f]+));$/i.exec(body) ?? [];
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const character = ENTITIES[body.replace(/;$/, '')];
    if (body.endsWith(';') && character !== undefined) return character;
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    throw expected('a character of XML', subject, whole);
  });
}

export function writeXml({ name, attributes, children, text }: Element): string {
  const written = [...attributes].map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('');
  return `<${name}${written}>${escapeXml(text)}${children.map(writeXml).join('')}</${name}>`;
}

/** As text, or as the value of an attribute. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
