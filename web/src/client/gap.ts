// Items by which the server announces that it dropped messages.

export interface Gap {
  /** How many; -1: nobody knows. */
  missed: number;
  reason: string;
}

/** The gaps a message announces, in order. They are items of a JSON array. */
export function gapsOf(text: string): Gap[] {
  if (!text.startsWith('[') || !text.includes('"gap"')) return [];
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return []; // items of the 1.22 and 1.24 queues need not be JSON
  }
  if (!Array.isArray(items)) return [];
  return (items as unknown[]).filter(isGap).map(({ missed, reason }) => ({ missed, reason }));
}

function isGap(item: unknown): item is Gap {
  if (typeof item !== 'object' || item === null) return false;
  const { socket_action, missed, reason } = item as Record<string, unknown>;
  return socket_action === 'gap' && typeof missed === 'number' && typeof reason === 'string';
}
