import { type DefaultTreeAdapterTypes, type ParserError, parse } from 'parse5';

export type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** A page as browsers understand it, and where it breaks the rules of HTML. */
export interface ParsedPage {
  readonly elements: readonly Element[];
  readonly errors: readonly ParserError[];
}

export function parsePage(html: string): ParsedPage {
  const errors: ParserError[] = [];
  const document = parse(html, { onParseError: (error) => void errors.push(error) });
  const elements: Element[] = [];
  const visit = (node: Node): void => {
    if ('tagName' in node) elements.push(node);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  visit(document);
  return { elements, errors };
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((one) => one.name === name)?.value;
}

/** All text in an element, with spaces between parts. */
export function textOf(node: Node): string {
  if ('value' in node && node.nodeName === '#text') return node.value;
  if (!('childNodes' in node)) return '';
  return node.childNodes.map(textOf).join(' ').replaceAll(/\s+/g, ' ').trim();
}

export function byTag({ elements }: ParsedPage, tag: string): Element[] {
  return elements.filter(({ tagName }) => tagName === tag);
}

/** What lies below an element. */
export function inside(element: Element): Element[] {
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if ('tagName' in node) found.push(node);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  element.childNodes.forEach(visit);
  return found;
}

export function sectionOf(page: ParsedPage, id: string): Element {
  const found = page.elements.find((element) => attribute(element, 'id') === id);
  if (found === undefined) throw new Error(`The page has no section ${id}.`);
  return found;
}
