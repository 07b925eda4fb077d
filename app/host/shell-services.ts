import type { Capabilities } from '../contract/capabilities.ts';

/** Encrypts with a key that the system's keychain guards. */
export interface Keychain {
  /** Base64. */
  encrypt(text: string): string;
  /** Throws where the text was encrypted with another key. */
  decrypt(encrypted: string): string;
}

/** What only the shell around the host can do. A body is called only where its capability is set. */
export interface ShellServices {
  readonly capabilities: Capabilities;
  /** Null or absent where the system has no keychain. */
  keychain?(): Keychain | null;
  /** Native dialog for files and folders; empty when dismissed. */
  openModels(): Promise<readonly string[]>;
  /** Native dialog for one folder; null when dismissed. */
  chooseFolder(title: string): Promise<string | null>;
  /** Shows the path in the system's file manager. */
  revealInFolder(path: string): Promise<void>;
}
