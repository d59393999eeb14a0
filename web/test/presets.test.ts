import { expect, test } from 'vitest';
import { isJson } from '../src/client/json';
import { presetPanels, presets } from '../src/client/presets';
import { templates } from '../src/client/templates';
import { texts } from '../src/client/texts';

const page = { protocol: 'http:', host: 'localhost:80' };
const panelsOf = (id: string) => presetPanels(presets.find((preset) => preset.id === id)!, page);

test('the groups of the mission document', () => {
  expect(panelsOf('groups').map((panel) => panel.url)).toEqual(
    ['id:10001::group_id:10001', 'id:10002::group_id:10001', 'id:10003::group_id:10002', 'id:10004::group_id:10002'].map(
      (id) => `ws://localhost:80/services/main_ws_service?X-StatefulSocketId=${id}`,
    ),
  );
});

test('the filter: three ids, the first two are to be tagged', () => {
  const panels = panelsOf('filter');
  expect(panels.map((panel) => panel.url.split('=')[1])).toEqual(['111', '222', '333']);
  expect(panels.map((panel) => panel.draft.includes('is_person'))).toEqual([true, true, false]);
});

test('one id at two services', () => {
  expect(panelsOf('same-id').map((panel) => panel.url)).toEqual([
    'ws://localhost:80/services/main_ws_service?X-StatefulSocketId=123',
    'ws://localhost:80/services/rtk_ws_service?X-StatefulSocketId=123',
  ]);
});

test('each preset has a title, one to four panels and names that differ', () => {
  expect(new Set(presets.map((preset) => preset.id)).size).toBe(presets.length);
  for (const preset of presets) {
    expect(texts.en[preset.title]).toBeTruthy();
    expect(preset.panels.length).toBeGreaterThan(0);
    expect(preset.panels.length).toBeLessThanOrEqual(4);
    expect(new Set(preset.panels.map((panel) => panel.name)).size).toBe(preset.panels.length);
    for (const panel of preset.panels) if (panel.draft !== undefined) expect(isJson(panel.draft)).toBe(true);
  }
});

test('templates are valid JSON, except the bare heartbeat', () => {
  for (const template of templates) {
    const text = template.text(5);
    expect(isJson(text) || text === '$hbt', template.id).toBe(true);
  }
  const tags = JSON.parse(templates.find((template) => template.id === 'init_socket_tags')!.text(0)) as unknown;
  expect(tags).toEqual({
    socket_action: 'init_socket',
    socket_type: 'ws_group',
    socket_tags: [
      { name: 'is_person', value: '1' },
      { name: 'pid', value: '111111111' },
    ],
  });
});
