/**
 * Chromium started with `LANG=C` calls its language `en-US@posix`, which `Intl` refuses; uPlot asks `Intl` with it while
 * it loads, and nothing of the Test page would show. Imported before uPlot.
 */
if (!isLanguageTag(globalThis.navigator?.language))
  Object.defineProperty(globalThis.navigator, 'language', { value: 'en-US', configurable: true });

function isLanguageTag(text: string | undefined): boolean {
  if (text === undefined) return true;
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}
