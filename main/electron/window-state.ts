import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { screen, type BrowserWindow, type Rectangle } from 'electron';

/** Where the window was: its place before it was maximized, in the screen's points. */
export interface WindowState {
  readonly bounds: Rectangle;
  readonly isMaximized: boolean;
}

/** Of a window that nobody has moved yet; the system chooses its place. */
export const DEFAULT_SIZE = { width: 1360, height: 880 };
/** Below this the workbench does not fit. */
export const SMALLEST_SIZE = { minWidth: 720, minHeight: 480 };
/** So much of the title bar must be in sight for a hand to get hold of it. */
const GRIP = 100;
const FILE_NAME = 'window-state.json';

function isRectangle(value: unknown): value is Rectangle {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  return ['x', 'y', 'width', 'height'].every((key) => Number.isSafeInteger(record[key]));
}

/** Reads a saved state; null where it is none, whatever it is instead. */
export function parseWindowState(text: string): WindowState | null {
  try {
    const value = JSON.parse(text) as { readonly bounds?: unknown; readonly isMaximized?: unknown } | null;
    return value !== null && isRectangle(value.bounds)
      ? { bounds: value.bounds, isMaximized: value.isMaximized === true }
      : null;
  } catch {
    return null;
  }
}

/** A saved place as the displays of today allow it: null where its title bar would be out of reach. */
export function fitToDisplays(bounds: Rectangle, displays: readonly Rectangle[]): Rectangle | null {
  const home = displays.find(
    (area) =>
      bounds.x + bounds.width >= area.x + GRIP &&
      bounds.x <= area.x + area.width - GRIP &&
      bounds.y >= area.y &&
      bounds.y <= area.y + area.height - GRIP,
  );
  if (!home) return null;
  return {
    ...bounds,
    width: Math.max(SMALLEST_SIZE.minWidth, Math.min(bounds.width, home.width)),
    height: Math.max(SMALLEST_SIZE.minHeight, Math.min(bounds.height, home.height)),
  };
}

/** The place of the last window; null at the first start, and where its display is gone. */
export function readWindowState(folder: string): WindowState | null {
  try {
    const state = parseWindowState(readFileSync(join(folder, FILE_NAME), 'utf8'));
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const bounds = state && fitToDisplays(state.bounds, areas);
    return state && bounds && { ...state, bounds };
  } catch {
    return null;
  }
}

/** Saves where the window is as it closes. A place that cannot be saved is no reason to keep a window open. */
export function keepWindowState(window: BrowserWindow, folder: string): void {
  window.on('close', () => {
    const state: WindowState = { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() };
    try {
      writeFileSync(join(folder, FILE_NAME), JSON.stringify(state));
    } catch {
      // The next window opens in its usual place.
    }
  });
}
