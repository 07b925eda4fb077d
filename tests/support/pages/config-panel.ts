import { expect, type Locator, type Page } from '@playwright/test';

/** config.pbtxt as a form and as text. */
export class ConfigPanel {
  readonly #page: Page;
  readonly panel: Locator;
  readonly form: Locator;
  readonly state: Locator;
  readonly check: Locator;
  readonly editor: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.panel = page.getByRole('region', { name: 'config.pbtxt' });
    this.form = this.panel.getByRole('group', { name: 'Config form' });
    this.state = this.panel.getByRole('status', { name: 'Config state' });
    this.check = this.panel.getByRole('status', { name: 'Config check' });
    this.editor = this.panel.locator('.monaco-editor').first();
  }

  async show(view: 'Form' | 'Text'): Promise<void> {
    await this.panel.getByRole('radiogroup', { name: 'View of the config' }).getByText(view).click();
    if (view === 'Text') await expect(this.editor.locator('.view-line').first()).toBeVisible();
    else await expect(this.form).toBeVisible();
  }

  field(label: string): Locator {
    return this.form.getByLabel(label, { exact: true });
  }

  /** An input or output of the form. */
  tensor(kind: 'input' | 'output', name: string): Locator {
    return this.form.getByRole('group', { name: `${kind} ${name}`, exact: true });
  }

  /** Replaces what stands in the text editor, by the keyboard. */
  async replaceText(text: string): Promise<void> {
    await this.#focusEditor();
    await this.#page.keyboard.press('ControlOrMeta+A');
    await this.#page.keyboard.insertText(text);
  }

  /** Types at the end of the text. */
  async append(text: string): Promise<void> {
    await this.#focusEditor();
    await this.#page.keyboard.press('ControlOrMeta+End');
    await this.#page.keyboard.insertText(text);
  }

  async isSaved(): Promise<void> {
    await expect(this.state).toHaveText(/^Saved/);
  }

  async undo(): Promise<void> {
    await this.panel.getByRole('button', { name: 'Undo' }).click();
  }

  async redo(): Promise<void> {
    await this.panel.getByRole('button', { name: 'Redo' }).click();
  }

  async #focusEditor(): Promise<void> {
    await this.panel.getByRole('textbox', { name: /^config\.pbtxt of / }).focus();
    await expect(this.editor).toHaveClass(/focused/);
  }
}
