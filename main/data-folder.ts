import { homedir } from 'node:os';
import { join } from 'node:path';

/** What decides where the data folder is. */
export interface DataFolderFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * The person's data folder: settings, history, Conch's own model repository. `CONCH_DATA_FOLDER` wins; else the
 * platform's place.
 */
export function findDataFolder(
  facts: DataFolderFacts = { platform: process.platform, env: process.env, home: homedir() },
): string {
  const { platform, env, home } = facts;
  const chosen = env['CONCH_DATA_FOLDER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Conch');
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Conch');
  return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'conch');
}
