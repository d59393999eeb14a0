// What is kept between visits and what a link carries. Both come from outside when they
// are read (an older page, a stranger's link), so every field is checked.
import { withoutSecrets } from './address';
import { clampSeconds, defaultSeconds, type HeartbeatKind } from './heartbeat';
import { withoutBearer } from './protocols';
import { languages, type Language } from './texts';

export interface PanelSettings {
  name: string;
  url: string;
  protocols: string;
  devUser: string;
  /** Comes back by itself when the connection was lost. */
  reconnect: boolean;
  heartbeat: boolean;
  heartbeatSeconds: number;
  heartbeatKind: HeartbeatKind;
  draft: string;
}

export type Theme = 'auto' | 'light' | 'dark';
export const themes: readonly Theme[] = ['auto', 'light', 'dark'];

export interface Settings {
  /** null: as the browser asks. */
  language: Language | null;
  theme: Theme;
  pretty: boolean;
  panels: PanelSettings[];
}

export const storageKey = 'tutorsocket.client.v1';
export const maxPanels = 12;
const maxText = 20_000;

export function emptyPanel(name: string, url: string): PanelSettings {
  return { name, url, protocols: '', devUser: '', reconnect: false, heartbeat: false, heartbeatSeconds: defaultSeconds, heartbeatKind: 'hbt', draft: '' };
}

/** Settings as text for storage, without secrets. */
export function storedText(settings: Settings): string {
  return JSON.stringify({ ...settings, panels: settings.panels.map(publicPanel) });
}

/** Settings out of storage; null when there is nothing usable. */
export function fromStored(text: string | null): Settings | null {
  const value = parseObject(text);
  if (value === null) return null;
  return {
    language: languages.find((language) => language === value['language']) ?? null,
    theme: themes.find((theme) => theme === value['theme']) ?? 'auto',
    pretty: value['pretty'] === true,
    panels: readPanels(value['panels']),
  };
}

/** The fragment of a link that opens these panels, without secrets. */
export function linkFragment(panels: PanelSettings[]): string {
  return `#panels=${encodeBase64(JSON.stringify(panels.map(publicPanel)))}`;
}

/** What a link asks for. Panels of a link are never connected by themselves. */
export type Link = { panels: PanelSettings[] } | { preset: string };

/** Reads a fragment; null when it holds nothing of ours or is damaged. */
export function fromFragment(fragment: string): Link | null {
  const preset = /^#preset=([\w-]+)$/.exec(fragment)?.[1];
  if (preset !== undefined) return { preset };
  const packed = /^#panels=([\w-]+)$/.exec(fragment)?.[1];
  if (packed === undefined) return null;
  try {
    const panels = readPanels(JSON.parse(decodeBase64(packed)));
    return panels.length === 0 ? null : { panels };
  } catch {
    return null;
  }
}

/** A name no other panel has: recordings tell sockets apart by it. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const name = wanted.trim() || 'socket 1';
  if (!taken.includes(name)) return name;
  const stem = name.replace(/ \d+$/, '');
  for (let number = 2; ; number++) {
    const candidate = `${stem} ${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}

/** A panel without tokens, in whichever field they were written. */
export function publicPanel(panel: PanelSettings): PanelSettings {
  return {
    ...panel,
    url: withoutSecrets(panel.url),
    protocols: withoutBearer(panel.protocols),
    draft: holdsSecret(panel.draft) || panel.draft.length > maxText ? '' : panel.draft,
  };
}

const jwt = /\beyJ[\w-]{8,}\.[\w-]{8,}\./;
const secretField = /"[\w-]*(token|password|passwd|secret|authorization|api_?key)[\w-]*"\s*:/i;

function holdsSecret(text: string): boolean {
  return jwt.test(text) || secretField.test(text) || /\bbearer[ .]/i.test(text);
}

function readPanels(value: unknown): PanelSettings[] {
  if (!Array.isArray(value)) return [];
  const panels: PanelSettings[] = [];
  for (const item of value.slice(0, maxPanels) as unknown[]) {
    if (typeof item !== 'object' || item === null) continue;
    const panel = readPanel(item as Record<string, unknown>);
    panels.push({ ...panel, name: freeName(panel.name, panels.map((p) => p.name)) });
  }
  return panels;
}

function readPanel(value: Record<string, unknown>): PanelSettings {
  const text = (name: string, limit: number) => {
    const field = value[name];
    return typeof field === 'string' ? field.slice(0, limit) : '';
  };
  return {
    name: text('name', 60),
    url: text('url', 2000),
    protocols: text('protocols', 500),
    devUser: text('devUser', 200),
    reconnect: value['reconnect'] === true,
    heartbeat: value['heartbeat'] === true,
    heartbeatSeconds: clampSeconds(Number(value['heartbeatSeconds'])),
    heartbeatKind: value['heartbeatKind'] === 'ping' ? 'ping' : 'hbt',
    draft: text('draft', maxText),
  };
}

function parseObject(text: string | null): Record<string, unknown> | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function encodeBase64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function decodeBase64(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}
