import type { TestForm } from './test-form.ts';

const KEPT_AT = 'conch.test-forms';
const LARGEST_BYTES = 1 << 20;
const LONGEST_TEXT = 4 << 20;

/** A session's storage, or something that behaves like it. */
export type FormStorage = Pick<Storage, 'getItem' | 'setItem'>;

/**
 * Keeps the forms over a reload. Tensors of more than 1 MiB are left out (their file has to be chosen again), and
 * pictures are drawn anew.
 */
export function keepForms(forms: Readonly<Record<string, TestForm>>, storage: FormStorage): void {
  const text = JSON.stringify(forms, function (this: unknown, key, value: unknown) {
    if (key === 'pixels') return null;
    if (value instanceof Uint8Array) {
      return { base64: value.byteLength > LARGEST_BYTES ? null : toBase64(value) };
    }
    if (key === 'file' && isTooLarge(value)) return null;
    if (key === 'picture' && isLongUrl(value)) return null;
    return value;
  });
  if (text.length > LONGEST_TEXT) return;
  try {
    storage.setItem(KEPT_AT, text);
  } catch {
    // The quota is full: the forms live on without being kept.
  }
}

/** The forms of before the reload; none where nothing readable was kept. */
export function readForms(storage: FormStorage): Record<string, TestForm> {
  try {
    const text = storage.getItem(KEPT_AT);
    if (text === null) return {};
    return JSON.parse(text, (_, value: unknown) => fromBase64(value)) as Record<string, TestForm>;
  } catch {
    return {};
  }
}

function isTooLarge(value: unknown): boolean {
  const data = (value as { tensor?: { data?: unknown } } | null)?.tensor?.data;
  return data instanceof Uint8Array && data.byteLength > LARGEST_BYTES;
}

function isLongUrl(value: unknown): boolean {
  return ((value as { url?: string } | null)?.url?.length ?? 0) > LONGEST_TEXT / 2;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.byteLength; start += 0x8000)
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}

function fromBase64(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return Uint8Array.from(atob(String(value.base64)), (character) => character.charCodeAt(0));
}
