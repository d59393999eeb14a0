import { expect, test } from 'vitest';
import { clockText, Logbook, maxRows, rowsText, type LogFilter } from '../src/client/logbook';
import { translate, type Note } from '../src/client/texts';

const all: LogFilter = { text: '', dir: 'all', beats: true };
const english = (note: Note) => translate('en', note.key, note.parameters);

function filled(): Logbook {
  const log = new Logbook();
  log.add({ at: 1, dir: 'system', note: { key: 'note.connected' } });
  log.add({ at: 2, dir: 'out', text: '$hbt', beat: true });
  log.add({ at: 3, dir: 'in', text: 'Привет' });
  return log;
}

test('filters by text, direction and heartbeat', () => {
  const log = filled();
  const ats = (filter: Partial<LogFilter>) => log.select({ ...all, ...filter }, english).map((row) => row.at);
  expect(ats({})).toEqual([1, 2, 3]);
  expect(ats({ text: ' ПРИВЕТ ' })).toEqual([3]);
  expect(ats({ text: 'connected' })).toEqual([1]);
  expect(ats({ dir: 'out' })).toEqual([2]);
  expect(ats({ beats: false })).toEqual([1, 3]);
  expect(ats({ dir: 'in', text: '$' })).toEqual([]);
});

test('keeps the newest rows and counts the others', () => {
  const log = new Logbook();
  for (let at = 0; at < maxRows + 3; at++) log.add({ at, dir: 'in', text: '' });
  expect(log.rows).toHaveLength(maxRows);
  expect(log.rows[0]?.at).toBe(3);
  expect(log.dropped).toBe(3);
  const ids = new Set(log.rows.map((row) => row.id));
  log.clear();
  expect(log.dropped).toBe(0);
  log.add({ at: 0, dir: 'in' });
  expect(ids.has(log.rows[0]!.id)).toBe(false);
});

test('prints time and direction', () => {
  const at = new Date(2026, 0, 31, 7, 5, 9, 4).getTime();
  expect(clockText(at)).toBe('07:05:09.004');
  const log = new Logbook();
  log.add({ at, dir: 'in', text: 'hi' });
  log.add({ at, dir: 'system', note: { key: 'note.closed', parameters: { code: 1000 } } });
  expect(rowsText(log.rows, english)).toBe('07:05:09.004 ↓ hi\n07:05:09.004 • Closed: 1000');
});
