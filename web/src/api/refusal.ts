// Why a WebSocket was refused. Browsers hide the answer to a failed handshake, so the same
// address is asked over plain HTTP: the server refuses with the same problem details.

import type { components } from './schema';

type Problem = components['schemas']['Problem'];

export interface Refusal {
  status: number;
  text: string;
}

const patience = 5000; // ms

/**
 * Asks the server of this page; null when the address is on another server, when nobody
 * answers, or when the answer is not a refusal (426: only the upgrade was missing).
 */
export async function refusalOf(address: string, pageOrigin: string): Promise<Refusal | null> {
  let response: Response;
  try {
    if (new URL(address).origin !== pageOrigin) return null;
    response = await fetch(address, { headers: { Accept: 'application/problem+json' }, cache: 'no-store', redirect: 'manual', signal: AbortSignal.timeout(patience) });
  } catch {
    return null;
  }
  if (response.status < 400 || response.status === 426) return null;
  return { status: response.status, text: await problemText(response) };
}

async function problemText(response: Response): Promise<string> {
  const type = response.headers.get('Content-Type') ?? '';
  if (!type.startsWith('application/problem+json')) return response.statusText;
  try {
    const problem = (await response.json()) as { [member in keyof Problem]: unknown }; // what it is in truth is for the server to say
    const parts = [problem.title, problem.detail].filter((part): part is string => typeof part === 'string' && part !== '');
    return [...new Set(parts)].join(': ');
  } catch {
    return response.statusText;
  }
}
