import { describe, expect, test } from 'vitest';
import { emptyPanel, freeName, fromFragment, fromStored, linkFragment, maxPanels, storedText, type Settings } from '../src/client/settings';

const panel = { ...emptyPanel('Панель 1', 'ws://h/services/main_ws_service?X-StatefulSocketId=1'), draft: '{"socket_action":"init_socket"}', heartbeat: true };
const settings: Settings = { language: 'ru', theme: 'dark', pretty: true, panels: [panel] };

test('what is stored comes back', () => {
  expect(fromStored(storedText(settings))).toEqual(settings);
});

test('what a link carries comes back', () => {
  const fragment = linkFragment([panel]);
  expect(fragment).toMatch(/^#panels=[\w-]+$/);
  expect(fromFragment(fragment)).toEqual({ panels: [panel] });
  expect(fromFragment('#preset=same-id')).toEqual({ preset: 'same-id' });
});

test.each([
  { ...panel, url: 'ws://h/s?access_token=SECRET' },
  { ...panel, url: 'ws://me:SECRET@h/s' },
  { ...panel, protocols: 'v1, bearer.SECRET' },
  { ...panel, draft: '{"password":"SECRET"}' },
  { ...panel, draft: 'Authorization: Bearer SECRET' },
  { ...panel, draft: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVQifQ.SECRET' },
])('tokens are neither stored nor shared: %#', (secret) => {
  expect(storedText({ ...settings, panels: [secret] })).not.toContain('SECRET');
  expect(JSON.stringify(fromFragment(linkFragment([secret])))).not.toContain('SECRET');
});

describe('damaged or strange input', () => {
  test.each([null, '', 'x', '[]', '1', 'null'])('storage %j gives nothing', (text) => {
    expect(fromStored(text)).toBeNull();
  });

  test.each(['', '#', '#panels=', '#panels=!!', '#panels=AAAA', '#panels=W10', '#other=1', '#preset=../x'])('fragment %j gives nothing', (fragment) => {
    expect(fromFragment(fragment)).toBeNull();
  });

  test('wrong fields get defaults, names become different, panels are limited', () => {
    const many = Array.from({ length: 30 }, () => ({ name: 'a', url: 5, heartbeatSeconds: 'x', heartbeatKind: 'rm', draft: null }));
    const read = fromStored(JSON.stringify({ language: 'de', theme: 'pink', panels: [null, 'x', ...many] }))!;
    expect(read.language).toBeNull();
    expect(read.theme).toBe('auto');
    expect(read.panels.length).toBeLessThanOrEqual(maxPanels);
    expect(read.panels[0]).toEqual(emptyPanel('a', ''));
    expect(new Set(read.panels.map((p) => p.name)).size).toBe(read.panels.length);
  });
});

test('free names count on', () => {
  expect(freeName('a', [])).toBe('a');
  expect(freeName('socket 1', ['socket 1'])).toBe('socket 2');
  expect(freeName('111', ['111', '111 2'])).toBe('111 3');
  expect(freeName('  ', [])).toBe('socket 1');
});
