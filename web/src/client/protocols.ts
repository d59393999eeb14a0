// The list of subprotocols a connection offers.

/** A parsed list, or the first entry that a browser would refuse. */
export type Protocols = { ok: true; list: string[] } | { ok: false; wrong: string };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Reads subprotocols separated by commas or spaces; a repeated one counts once. */
export function parseProtocols(text: string): Protocols {
  const list = [...new Set(text.split(/[\s,]+/).filter((part) => part !== ''))];
  const wrong = list.find((part) => !token.test(part));
  return wrong === undefined ? { ok: true, list } : { ok: false, wrong };
}

/** The list without bearer tokens, which must not be stored or shared. */
export function withoutBearer(text: string): string {
  const kept = text.split(/[\s,]+/).filter((part) => part !== '' && !/^bearer\./i.test(part));
  return kept.join(', ');
}
