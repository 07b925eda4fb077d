import type { Capabilities } from '../contract/capabilities.ts';

/** What only the shell around the host can do. A body is called only where its capability is set. */
export interface ShellServices {
  readonly capabilities: Capabilities;
  /** Native dialog for files and folders; empty when dismissed. */
  openModels(): Promise<readonly string[]>;
  /** Native dialog for one folder; null when dismissed. */
  chooseFolder(title: string): Promise<string | null>;
  /** Shows the path in the system's file manager. */
  revealInFolder(path: string): Promise<void>;
}
