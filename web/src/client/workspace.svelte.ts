// The page: its panels, language, theme and the short messages at its foot.
import { getContext } from 'svelte';
import { serviceAddress, type PageAddress } from './address';
import { presetPanels, presets, type Preset } from './presets';
import { Panel } from './panel.svelte';
import { Recording, recordingName } from './recording';
import { emptyPanel, freeName, fromFragment, fromStored, linkFragment, maxPanels, storageKey, storedText, type PanelSettings, type Settings, type Theme } from './settings';
import { browserLanguage, codeText, translate, type Language, type Note, type TextKey, type TextParameters } from './texts';

/** A short message, with a way back when something was replaced or removed. */
export interface Toast {
  note: Note;
  undo: (() => void) | null;
}

const toastMs = 8000;

export class Workspace {
  panels = $state<Panel[]>([]);
  /** The panel that a phone shows. */
  active = $state('');
  language = $state<Language>('en');
  theme = $state<Theme>('auto');
  /** Lay out every JSON message. */
  pretty = $state(false);
  toast = $state.raw<Toast | null>(null);
  readonly recording = new Recording();
  readonly #page: PageAddress;
  #chosenLanguage = $state<Language | null>(null);
  #toastTimer = 0;

  constructor(page: PageAddress, stored: Settings | null, preferred: readonly string[]) {
    this.#page = page;
    this.#chosenLanguage = stored?.language ?? null;
    this.language = this.#chosenLanguage ?? browserLanguage(preferred);
    this.theme = stored?.theme ?? 'auto';
    this.pretty = stored?.pretty ?? false;
    const panels = stored?.panels ?? [];
    this.#show(panels.length > 0 ? panels : [this.#defaultPanel()]);
  }

  /** A text in the chosen language. */
  t = (key: TextKey, parameters: TextParameters = {}): string => translate(this.language, key, parameters);

  note = (note: Note): string => this.t(note.key, note.parameters);

  /** The meaning of a close code, or ''. */
  code = (code: number): string => codeText(this.language, code) ?? '';

  get full(): boolean {
    return this.panels.length >= maxPanels;
  }

  /** Everything to be stored, as text. */
  get stored(): string {
    return storedText({ language: this.#chosenLanguage, theme: this.theme, pretty: this.pretty, panels: this.#settings() });
  }

  chooseLanguage(language: Language): void {
    this.language = language;
    this.#chosenLanguage = language;
  }

  /** Adds a panel after the last one; null when the page is full. */
  add(settings: PanelSettings = this.#defaultPanel()): Panel | null {
    if (this.full) return null;
    const panel = this.#panel({ ...settings, name: freeName(settings.name, this.#names()) });
    this.panels.push(panel);
    this.active = panel.id;
    return panel;
  }

  duplicate(panel: Panel): Panel | null {
    return this.add($state.snapshot(panel.settings));
  }

  /** Takes a panel off the page and ends its connection; the toast can bring it back, disconnected. */
  remove(panel: Panel): void {
    const at = this.panels.indexOf(panel);
    if (at < 0) return;
    panel.dispose();
    this.panels.splice(at, 1);
    if (this.panels.length === 0) this.add();
    if (this.active === panel.id) this.active = this.panels[Math.min(at, this.panels.length - 1)]?.id ?? '';
    this.say({ key: 'page.removed', parameters: { name: panel.settings.name } }, () => {
      panel.settings.name = freeName(panel.settings.name, this.#names());
      this.panels.splice(at, 0, panel);
      this.active = panel.id;
    });
  }

  /** Gives a panel a name no other panel has. */
  rename(panel: Panel, name: string): void {
    const others = this.panels.filter((other) => other !== panel).map((other) => other.settings.name);
    panel.settings.name = freeName(name, others);
  }

  /** Opens the connections of an example in place of the present panels. */
  open(preset: Preset): void {
    this.#replace(presetPanels(preset, this.#page), { key: 'page.replaced' });
    this.connectAll();
  }

  connectAll(): void {
    for (const panel of this.panels) panel.connect();
  }

  disconnectAll(): void {
    for (const panel of this.panels) panel.disconnect();
  }

  /** Obeys the fragment of a link. Addresses of a link are shown, not dialled: a stranger may have written them. */
  follow(fragment: string): boolean {
    const link = fromFragment(fragment);
    if (link === null) return false;
    if ('panels' in link) {
      this.#replace(link.panels, { key: 'page.fromLink' });
      return true;
    }
    const preset = presets.find((candidate) => candidate.id === link.preset);
    if (preset !== undefined) this.open(preset);
    return preset !== undefined;
  }

  /** The fragment of a link to the present panels. */
  get fragment(): string {
    return linkFragment(this.#settings());
  }

  /** Name and text of a recording file, of one panel or of all. */
  recordingFile(panel: Panel | null): { name: string; text: string } {
    const text = this.recording.lines((id) => {
      if (panel !== null && panel.id !== id) return null;
      return this.panels.find((candidate) => candidate.id === id)?.settings.name ?? null;
    });
    return { name: recordingName(Date.now(), panel?.settings.name ?? 'all'), text };
  }

  /** Shows a short message for a while. */
  say(note: Note, undo: (() => void) | null = null): void {
    clearTimeout(this.#toastTimer);
    this.toast = { note, undo };
    this.#toastTimer = window.setTimeout(() => (this.toast = null), toastMs);
  }

  dismiss(): void {
    clearTimeout(this.#toastTimer);
    this.toast = null;
  }

  #replace(panels: PanelSettings[], note: Note): void {
    const before = this.panels;
    for (const panel of before) panel.dispose();
    this.#show(panels);
    this.say(note, () => {
      for (const panel of this.panels) panel.dispose();
      this.panels = before;
      this.active = before[0]?.id ?? '';
    });
  }

  #show(panels: PanelSettings[]): void {
    this.panels = panels.map((settings) => this.#panel(settings));
    this.active = this.panels[0]?.id ?? '';
  }

  #panel(settings: PanelSettings): Panel {
    return new Panel(settings, this.#page, this.recording);
  }

  #defaultPanel(): PanelSettings {
    return emptyPanel(freeName('socket 1', this.#names()), serviceAddress(this.#page));
  }

  #names(): string[] {
    return this.panels.map((panel) => panel.settings.name);
  }

  #settings(): PanelSettings[] {
    return this.panels.map((panel) => $state.snapshot(panel.settings));
  }
}

/** Reads what an earlier visit stored; storage may be switched off. */
export function loadSettings(): Settings | null {
  try {
    return fromStored(localStorage.getItem(storageKey));
  } catch {
    return null;
  }
}

/** Stores the page's state; without storage it lasts as long as the page. */
export function saveSettings(text: string): void {
  try {
    localStorage.setItem(storageKey, text);
  } catch {
    // Storage is off or full. Nothing on the page depends on it.
  }
}

/** Under this key components find the workspace of the page. */
export const workspaceKey = Symbol('workspace');

/** The workspace of the page, while a component is being made. */
export function useWorkspace(): Workspace {
  return getContext<Workspace>(workspaceKey);
}
