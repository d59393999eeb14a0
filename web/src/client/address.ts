// Addresses of socket services: the default one, what is wrong with one that was typed,
// and which parts are secrets that must not leave the page.

/** Where the page itself came from; `location` fits. */
export interface PageAddress {
  protocol: string;
  host: string;
}

/** What is wrong with a typed address. The texts are `address.<problem>` in texts.ts. */
export type AddressProblem = 'empty' | 'malformed' | 'scheme' | 'insecure';

const statefulParameter = 'X-StatefulSocketId';
const devUserParameter = 'X-Dev-User';
const secretParameters = /^(access_?token|id_?token|refresh_?token|token|jwt|api_?key|key|password|passwd|secret|auth|authorization|session|session_?id|sid)$/i;
const loopbackHost = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** The WebSocket origin of the server this page came from, such as `ws://127.0.0.1:8080`. */
export function serverOrigin(page: PageAddress): string {
  const scheme = page.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${page.host || 'localhost:8080'}`;
}

/** The address of a service on the server this page came from. The id is written as it
 *  is, because the seed's ids with colons are meant to be read by people. */
export function serviceAddress(page: PageAddress, service = 'main_ws_service', statefulId = ''): string {
  const address = `${serverOrigin(page)}/services/${service}`;
  return statefulId === '' ? address : `${address}?${statefulParameter}=${encodeId(statefulId)}`;
}

/** Says whether an address asks for a stateful id. */
export function isStateful(address: string): boolean {
  return removeParameters(address, (name) => name === statefulParameter) !== address;
}

function encodeId(id: string): string {
  return encodeURIComponent(id).replaceAll('%3A', ':');
}

/** Says what is wrong with an address before the browser is asked, or null. */
export function addressProblem(address: string, page: PageAddress): AddressProblem | null {
  const text = address.trim();
  if (text === '') return 'empty';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'malformed';
  const url = parse(text);
  if (url === null || url.hostname === '') return 'malformed';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') return 'scheme';
  if (page.protocol === 'https:' && url.protocol === 'ws:' && !loopbackHost.test(url.hostname)) return 'insecure';
  return null;
}

/** The address that is dialled: without fragment, and with the development user when one is set. */
export function dialAddress(address: string, devUser: string): string {
  const withoutFragment = address.trim().replace(/#.*$/s, '');
  const user = devUser.trim();
  if (user === '') return withoutFragment;
  return appendParameter(removeParameters(withoutFragment, (name) => name === devUserParameter), devUserParameter, user);
}

/** The same address without tokens, passwords and session ids, for logs, storage and links. */
export function withoutSecrets(address: string): string {
  const cleaned = removeParameters(address, (name) => secretParameters.test(name));
  return cleaned.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1');
}

/** The HTTP address that answers for the same endpoint. */
export function httpAddress(address: string): string {
  return address.replace(/^ws/i, 'http');
}

// The query is edited as text, so that the rest of the address stays as it was typed.
function removeParameters(address: string, unwanted: (name: string) => boolean): string {
  const start = address.indexOf('?');
  if (start < 0) return address;
  const hash = address.indexOf('#', start);
  const end = hash < 0 ? address.length : hash;
  const kept = address
    .slice(start + 1, end)
    .split('&')
    .filter((pair) => !unwanted(decode(pair.split('=', 1)[0] ?? '')));
  const query = kept.join('&');
  return address.slice(0, start) + (query === '' ? '' : `?${query}`) + address.slice(end);
}

function appendParameter(address: string, name: string, value: string): string {
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${joint}${name}=${encodeURIComponent(value)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // a stray percent sign: the name is taken as written
  }
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
