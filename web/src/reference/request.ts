// What happens to a request of the reference on its way.

/** A request as Swagger UI hands it to an interceptor. */
export interface OutgoingRequest {
  url: string;
  headers: Record<string, string>;
  userFetch?: typeof fetch;
}

const patience = 10_000; // ms

/** Adds the token to requests to the API, and to no others; answers that do not end are cut off. */
export function prepare(request: OutgoingRequest, base: URL, token: string): OutgoingRequest {
  const url = new URL(request.url, base);
  if (url.origin !== base.origin) return request;
  if (token !== '' && url.pathname.startsWith('/api/v1/')) request.headers['Authorization'] = `Bearer ${token}`;
  request.userFetch = (input, init) => fetchBounded(input, init, patience);
  return request;
}

/** Fetches; an event stream is read for so long at most and shown as far as it came. */
export async function fetchBounded(input: RequestInfo | URL, init: RequestInit | undefined, limit: number): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.headers.get('Content-Type')?.startsWith('text/event-stream') || response.body === null) return response;
  const text = await readFor(response.body, limit);
  const answer = new Response(text, { status: response.status, statusText: response.statusText, headers: response.headers });
  Object.defineProperty(answer, 'url', { value: response.url }); // Swagger UI asks for it
  return answer;
}

/** Reads a stream until it ends or the time is over. */
export async function readFor(stream: ReadableStream<Uint8Array>, limit: number): Promise<string> {
  const reader = stream.getReader();
  const timer = setTimeout(() => void reader.cancel(), limit);
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  clearTimeout(timer);
  return text + decoder.decode();
}
