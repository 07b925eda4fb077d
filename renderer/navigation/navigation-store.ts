import { create } from 'zustand';

/** The tabs of a model's page. */
export const MODEL_TABS = ['model', 'test', 'history', 'log'] as const;

/** One of {@link MODEL_TABS}. */
export type ModelTab = (typeof MODEL_TABS)[number];

interface NavigationState {
  /** The selected model; null shows the empty window. */
  readonly model: string | null;
  readonly tab: ModelTab;
  /** Id of the remote server whose page is shown; null where none is. */
  readonly remote: string | null;
}

const KEPT_AT = 'conch.navigation';

/** Where the person is. Kept for the session, so that a reload comes back to the same place. */
export const useNavigationStore = create<NavigationState>(() => readKept());

useNavigationStore.subscribe((state) => globalThis.sessionStorage?.setItem(KEPT_AT, JSON.stringify(state)));

/** Shows a model's page, on `tab` where given. */
export function openModel(model: string, tab: ModelTab = 'model'): void {
  useNavigationStore.setState({ model, tab, remote: null });
}

/** Shows a remote server's page. */
export function openRemote(id: string): void {
  useNavigationStore.setState({ model: null, tab: 'model', remote: id });
}

/** Switches the tab of the model that is shown. */
export function openTab(tab: ModelTab): void {
  useNavigationStore.setState({ tab });
}

/** Shows the empty window, where models are added. */
export function openHome(): void {
  useNavigationStore.setState({ model: null, tab: 'model', remote: null });
}

function readKept(): NavigationState {
  const { model, tab, remote } = parseKept() as Partial<NavigationState>;
  return {
    model: typeof model === 'string' ? model : null,
    tab: MODEL_TABS.find((known) => known === tab) ?? 'model',
    remote: typeof remote === 'string' ? remote : null,
  };
}

function parseKept(): object {
  try {
    const kept: unknown = JSON.parse(globalThis.sessionStorage?.getItem(KEPT_AT) ?? '{}');
    return typeof kept === 'object' && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
