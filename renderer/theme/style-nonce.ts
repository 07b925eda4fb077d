/** The nonce that the page's content security policy wants on every `<style>` element; empty where there is none. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/**
 * Gives every `<style>` element that scripts create the page's nonce. The code editor makes such elements and has no
 * option for a nonce, and without one the policy would drop its colours and layout.
 */
export function giveStylesNonce(nonce: string): void {
  if (nonce === '') return;
  const create = document.createElement.bind(document);
  document.createElement = (tagName: string, options?: ElementCreationOptions) => {
    const element = create(tagName, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
}
