/** Elements with their attributes and children; texts are texts, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function drawing(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Node | string)[]
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}

export function choice(
  options: readonly string[],
  chosen: string,
  onChange: (value: string) => void,
  label: string,
): HTMLSelectElement {
  const select = element('select', { 'aria-label': label });
  select.append(...options.map((value) => element('option', { value }, value)));
  select.value = chosen;
  select.addEventListener('change', () => onChange(select.value));
  return select;
}

export function numberInput(
  value: number,
  onChange: (value: number) => void,
  label: string,
): HTMLInputElement {
  const input = element('input', { type: 'number', step: 'any', 'aria-label': label });
  input.value = String(value);
  input.addEventListener('change', () => {
    if (input.value !== '' && Number.isFinite(input.valueAsNumber)) onChange(input.valueAsNumber);
  });
  return input;
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** As people read numbers: six digits at the most. */
export function numberWords(value: number | null | undefined): string {
  if (value === null || value === undefined) return 'no value';
  return String(Number(value.toPrecision(6)));
}
