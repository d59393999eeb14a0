import { describe, expect, test, vi } from 'vitest';
import { refusalOf } from '../src/api/refusal';
import { History } from '../src/client/history';
import { columnsFor, windowOf } from '../src/client/layout';
import { parseProtocols, withoutBearer } from '../src/client/protocols';

describe('history of messages', () => {
  test('walks back and forth and keeps what was being written', () => {
    const history = new History();
    expect(history.older('draft')).toBeNull();
    for (const text of ['a', 'b', 'b', '']) history.add(text);
    expect(history.older('draft')).toBe('b');
    expect(history.older('b')).toBe('a');
    expect(history.older('a')).toBeNull();
    expect(history.newer()).toBe('b');
    expect(history.newer()).toBe('draft');
    expect(history.newer()).toBeNull();
  });

  test('forgets the oldest', () => {
    const history = new History();
    for (let n = 0; n < 150; n++) history.add(`${n}`);
    let steps = 0;
    while (history.older('') !== null) steps++;
    expect(steps).toBe(100);
  });
});

describe('subprotocols', () => {
  test('a list with commas or spaces', () => {
    expect(parseProtocols('')).toEqual({ ok: true, list: [] });
    expect(parseProtocols(' a, b c,a ')).toEqual({ ok: true, list: ['a', 'b', 'c'] });
    expect(parseProtocols('a,b/c')).toEqual({ ok: false, wrong: 'b/c' });
  });

  test('bearer tokens are left out', () => {
    expect(withoutBearer('a bearer.x,Bearer.y, b')).toBe('a, b');
  });
});

test('columns fill the width with even rows', () => {
  const cases = [
    [1416, 1, 1],
    [1416, 4, 4],
    [1416, 5, 3],
    [1000, 4, 2],
    [1000, 3, 3],
    [700, 3, 2],
    [366, 4, 1],
    [0, 2, 1],
    [1416, 0, 1],
  ] as const;
  for (const [width, panels, want] of cases) expect(columnsFor(width, panels), `${panels} in ${width}`).toBe(want);
});

describe('window of a list', () => {
  const height = () => 20;
  test('only rows near the visible part are rendered', () => {
    expect(windowOf(1000, height, 10_000, 200, 100)).toEqual({ first: 494, last: 515, above: 9880, below: 9700 });
  });

  test('ends and short lists', () => {
    expect(windowOf(0, height, 0, 200, 100)).toEqual({ first: 0, last: 0, above: 0, below: 0 });
    expect(windowOf(3, height, 0, 200, 100)).toEqual({ first: 0, last: 3, above: 0, below: 0 });
    const end = windowOf(100, height, 1800, 200, 0);
    expect(end.last).toBe(100);
    expect(end.below).toBe(0);
  });
});

describe('reason of a refusal', () => {
  const answer = (status: number, body = '', type = 'application/problem+json') =>
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status, headers: { 'Content-Type': type } })));

  test('problem details of this server', async () => {
    answer(404, '{"title":"Not Found","detail":"no service none"}');
    expect(await refusalOf('http://h/services/none', 'http://h')).toEqual({ status: 404, text: 'Not Found: no service none' });
    answer(503, 'not json');
    expect(await refusalOf('http://h/s', 'http://h')).toEqual({ status: 503, text: '' });
    answer(403, 'denied', 'text/plain');
    expect(await refusalOf('http://h/s', 'http://h')).toEqual({ status: 403, text: '' });
  });

  test('nothing is said about answers that are no refusal, and other servers are not asked', async () => {
    answer(426);
    expect(await refusalOf('http://h/s', 'http://h')).toBeNull();
    answer(200);
    expect(await refusalOf('http://h/s', 'http://h')).toBeNull();
    vi.stubGlobal('fetch', () => Promise.reject(new Error('must not be called')));
    expect(await refusalOf('http://other/s', 'http://h')).toBeNull();
    expect(await refusalOf('http://h/s', 'http://h')).toBeNull();
  });
});
