// Sets of connections for the examples of the mission document, in its order.
import { serviceAddress, type PageAddress } from './address';
import { emptyPanel, type PanelSettings } from './settings';
import { initSocket, initSocketPerson, initSocketTags } from './templates';
import type { TextKey } from './texts';

export interface Preset {
  id: string;
  title: TextKey;
  panels: readonly PresetPanel[];
}

interface PresetPanel {
  name: string;
  service?: string;
  statefulId?: string;
  /** What waits in the message box. */
  draft?: string;
}

const main = 'main_ws_service';
const copy = 'rtk_ws_service';

export const presets: readonly Preset[] = [
  { id: 'single', title: 'preset.single', panels: [{ name: 'main' }] },
  { id: 'services', title: 'preset.services', panels: [{ name: 'main' }, { name: 'rtk', service: copy }] },
  { id: 'private', title: 'preset.private', panels: [{ name: 'no id' }, { name: '123', statefulId: '123' }] },
  {
    id: 'same-id',
    title: 'preset.sameId',
    panels: [
      { name: 'main 123', statefulId: '123' },
      { name: 'rtk 123', service: copy, statefulId: '123' },
    ],
  },
  {
    id: 'groups',
    title: 'preset.groups',
    panels: [
      { name: '10001', statefulId: 'id:10001::group_id:10001' },
      { name: '10002', statefulId: 'id:10002::group_id:10001' },
      { name: '10003', statefulId: 'id:10003::group_id:10002' },
      { name: '10004', statefulId: 'id:10004::group_id:10002' },
    ],
  },
  {
    id: 'recipients',
    title: 'preset.recipients',
    panels: [
      { name: '123', statefulId: '123', draft: initSocket },
      { name: '124', statefulId: '124' },
    ],
  },
  { id: 'tags', title: 'preset.tags', panels: [{ name: '123', statefulId: '123', draft: initSocketTags }] },
  {
    id: 'filter',
    title: 'preset.filter',
    panels: [
      { name: '111', statefulId: '111', draft: initSocketPerson },
      { name: '222', statefulId: '222', draft: initSocketPerson },
      { name: '333', statefulId: '333' },
    ],
  },
];

/** The panels of a preset, on the server this page came from. */
export function presetPanels(preset: Preset, page: PageAddress): PanelSettings[] {
  return preset.panels.map((panel) => ({
    ...emptyPanel(panel.name, serviceAddress(page, panel.service ?? main, panel.statefulId ?? '')),
    draft: panel.draft ?? '',
  }));
}
