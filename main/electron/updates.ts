import type { Note } from './notifications.ts';

/** Says where updates come from; nothing is asked anywhere without it. */
export const UPDATE_URL_VARIABLE = 'CONCH_UPDATE_URL';

/** The folder that updates are published in, where one was named; throws on anything but https. */
export function readUpdateUrl(env: Readonly<Record<string, string | undefined>>): string | null {
  const text = env[UPDATE_URL_VARIABLE];
  if (text === undefined || text === '') return null;
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new Error(`${UPDATE_URL_VARIABLE} must be an https address; got: ${text}`);
  return text;
}

/** Looks for an update at `url` once, and tells when one is downloaded; it is installed as Conch quits. */
export async function checkForUpdate(url: string, tell: (note: Note) => void): Promise<void> {
  const { default: updater } = await import('electron-updater');
  const { autoUpdater } = updater;
  autoUpdater.setFeedURL({ provider: 'generic', url });
  autoUpdater.on('update-downloaded', ({ version }) =>
    tell({ title: `Conch ${version} is ready`, body: 'It is installed when you quit.' }),
  );
  // Said by the call below as well; an event without a listener would end the program.
  autoUpdater.on('error', () => undefined);
  await autoUpdater.checkForUpdates();
}
