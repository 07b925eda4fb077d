import { create } from 'zustand';
import type { Settings } from '../../app/contract/snapshot.ts';
import type { Mirror } from '../host/mirror.ts';

const useSettingsStore = create<{ readonly settings: Settings | null }>(() => ({ settings: null }));

/** The person's settings; null before the first snapshot. */
export function useSettings(): Settings | null {
  return useSettingsStore((state) => state.settings);
}

export const settingsMirror: Mirror = {
  reset: ({ settings }) => useSettingsStore.setState({ settings }),
  follow: (host) => host.on('settings.changed', (settings) => useSettingsStore.setState({ settings })),
};
