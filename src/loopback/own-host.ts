/**
 * Whether a request was meant for this machine, by its `Host` header.
 *
 * A page in a browser may point a name of its own at 127.0.0.1 after it has loaded (DNS rebinding) and then
 * read what is served here as if it came from its own server. The browser still sends that name.
 *
 * @param host as it came: a name or an address, with or without a port
 */
export function isOwnHost(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host);
}

/** What a request for another host is answered with: 421, Misdirected Request. */
export const FOREIGN_HOST = {
  status: 421,
  body: JSON.stringify({
    error: {
      code: 421,
      status: 'FAILED_PRECONDITION',
      message: 'This server answers to localhost and 127.0.0.1 alone.',
    },
  }),
} as const;
