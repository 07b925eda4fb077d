import { shell } from 'electron';

/** Whether a link may leave for the browser: https to the world, nothing that starts a program or reads a file. */
export function isOpenableOutside(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url);
    return protocol === 'https:' && username === '' && password === '';
  } catch {
    return false;
  }
}

/** Opens a link in the default browser; anything but https is ignored. */
export function openExternal(url: string): void {
  if (isOpenableOutside(url)) void shell.openExternal(url);
}
