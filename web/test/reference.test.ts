import { afterEach, describe, expect, it, vi } from 'vitest';
import { prepare, readFor } from '../src/reference/request';
import { textsFor } from '../src/reference/texts';
import { TokenStore, tokenOfFragment } from '../src/reference/token';

const base = new URL('http://127.0.0.1:8080/api/');
const sent = (url: string, token: string) => prepare({ url, headers: {} }, base, token).headers['Authorization'];

afterEach(() => vi.useRealTimers());

describe('requests of the reference', () => {
  it('carry the token to the API only', () => {
    expect(sent('/api/v1/sockets', 'secret')).toBe('Bearer secret');
    expect(sent('http://127.0.0.1:8080/api/v1/sockets?limit=1', 'secret')).toBe('Bearer secret');
    expect(sent('http://127.0.0.1:8080/other', 'secret')).toBeUndefined();
    expect(sent('http://elsewhere.example/api/v1/sockets', 'secret')).toBeUndefined();
    expect(sent('/api/v1/sockets', '')).toBeUndefined();
  });

  it('give what came of a stream that does not end', async () => {
    vi.useFakeTimers();
    const stream = new ReadableStream<Uint8Array>({ start: (out) => out.enqueue(new TextEncoder().encode('event: line\n\n')) });
    const read = readFor(stream, 1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await read).toBe('event: line\n\n');
  });
});

describe('the token', () => {
  it('is read from a fragment', () => {
    expect(tokenOfFragment('#token=a%2Bb')).toBe('a+b');
    for (const other of ['', '#', '#token=', '#/Sockets/list-sockets', '#token=%zz']) expect(tokenOfFragment(other)).toBeNull();
  });

  it('is kept for the tab, or for the page where that is forbidden', () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) } as unknown as Storage;
    const store = new TokenStore(storage);
    store.value = ' secret\n';
    expect(new TokenStore(storage).value).toBe('secret');
    store.value = '';
    expect(new TokenStore(storage).value).toBe('');
    const without = new TokenStore(null);
    without.value = 'x';
    expect(without.value).toBe('x');
  });
});

it('speaks the language of the reader', () => {
  expect(textsFor(['ru-RU', 'en']).language).toBe('ru');
  expect(textsFor(['de', 'ru']).language).toBe('ru');
  expect(textsFor(['en-US', 'ru']).language).toBe('en');
  expect(textsFor([]).language).toBe('en');
});
