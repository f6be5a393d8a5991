import { visible } from '../../visible.js';
import { MASK, withoutToken } from '../credentials/secrecy.js';

/** Headers that tell how the service answers, and nothing of who asked. */
const HEADERS = [
  ...['cache-control', 'content-disposition', 'content-encoding', 'content-length', 'content-type'],
  ...['retry-after', 'server', 'transfer-encoding', 'vary', 'x-earth-engine-quota-status'],
] as const;

const MAX_TEXT = 600;

/** What makes a text of the service fit for a page that a user sends around. */
export type Clean = (text: string) => string;

/**
 * Takes the token, e-mail addresses and project numbers out of a text, the project's id too unless that
 * may be shown, and whatever could steer a terminal; and cuts it.
 *
 * @param project absent where it may be shown
 */
export function cleaner(authorization: string | undefined, project: string | undefined): Clean {
  return (text) => {
    const hidden = withoutToken(text, authorization)
      .replace(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, MASK)
      .replace(/\b\d{11,13}\b/g, MASK);
    const anonymous =
      project === undefined
        ? hidden
        : hidden.replaceAll(
            new RegExp(`(?<![\\w-])${literally(project)}(?![\\w-])`, 'g'),
            'PROJECT',
          );
    const plain = visible(anonymous);
    return plain.length <= MAX_TEXT ? plain : `${plain.slice(0, MAX_TEXT)} ...`;
  };
}

export function cleanHeaders(
  headers: Readonly<Record<string, string>>,
  clean: Clean,
): Record<string, string> {
  return Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, clean(value)]];
    }),
  );
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
