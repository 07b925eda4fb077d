import { expect, type Download, type Locator, type Page } from '@playwright/test';

/** The test form of a model and the result beside it. */
export class TestPage {
  readonly #page: Page;
  readonly inputs: Locator;
  readonly result: Locator;
  readonly headline: Locator;
  readonly failure: Locator;
  readonly runButton: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.inputs = page.getByRole('region', { name: 'Inputs', exact: true });
    this.result = page.getByRole('region', { name: 'Result', exact: true });
    this.headline = this.result.getByRole('heading', { level: 2 });
    this.failure = this.result.getByRole('region', { name: 'The request failed' });
    this.runButton = this.inputs.getByRole('button', { name: 'Run', exact: true });
  }

  input(name: string): Locator {
    return this.inputs.getByRole('region', { name: `Input ${name}`, exact: true });
  }

  async chooseSource(
    input: string,
    source: 'Image' | 'Text' | 'Grid' | 'Generate' | 'JSON' | 'File',
  ): Promise<void> {
    const tab = this.input(input).getByRole('tab', { name: source, exact: true });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
  }

  /** Puts JSON values into an input. */
  async pasteJson(input: string, json: string): Promise<void> {
    await this.chooseSource(input, 'JSON');
    await this.input(input)
      .getByRole('textbox', { name: `JSON values of ${input}` })
      .fill(json);
  }

  async chooseGenerator(input: string, kind: string, settings: Record<string, string> = {}): Promise<void> {
    await this.chooseSource(input, 'Generate');
    await this.input(input).getByRole('combobox', { name: 'Values' }).selectOption({ label: kind });
    for (const [label, text] of Object.entries(settings))
      await this.input(input).getByLabel(label, { exact: true }).fill(text);
  }

  /** The row that says where the next request stands in its sequence. */
  get #sequence(): Locator {
    return this.inputs.getByRole('group', { name: 'Sequence', exact: true });
  }

  /** What the next request does to its sequence, in words. */
  get sequenceWords(): Locator {
    return this.#sequence.getByRole('status');
  }

  async setSequence(flag: 'Start' | 'End', isSet: boolean): Promise<void> {
    await this.#sequence.getByRole('checkbox', { name: flag }).setChecked(isSet);
  }

  async setSequenceId(id: string): Promise<void> {
    await this.#sequence.getByRole('textbox', { name: 'Sequence' }).fill(id);
  }

  async newSequence(): Promise<void> {
    await this.#sequence.getByRole('button', { name: 'New sequence' }).click();
  }

  /** Sets a free size, by its symbolic name. */
  async setSize(label: string, size: number): Promise<void> {
    await this.size(label).fill(String(size));
  }

  size(label: string): Locator {
    return this.inputs.getByRole('group', { name: 'Sizes' }).getByRole('textbox', { name: label });
  }

  async chooseFile(input: string, path: string): Promise<void> {
    await this.chooseSource(input, 'File');
    const chooser = this.#page.waitForEvent('filechooser');
    await this.input(input)
      .getByRole('button', { name: /^(Drop or choose|Choose another)/ })
      .click();
    await (await chooser).setFiles(path);
  }

  async choosePicture(input: string, path: string): Promise<void> {
    await this.chooseSource(input, 'Image');
    const chooser = this.#page.waitForEvent('filechooser');
    await this.input(input)
      .getByRole('button', { name: /picture for/ })
      .click();
    await (await chooser).setFiles(path);
    await expect(this.input(input).getByRole('img', { name: 'What the model sees' })).toBeVisible();
  }

  async chooseProtocol(protocol: 'Binary' | 'JSON'): Promise<void> {
    await this.inputs.getByRole('radiogroup', { name: 'Protocol' }).getByText(protocol).click();
  }

  /** Runs and waits for the answer to this very request. */
  async run(): Promise<void> {
    await expect(this.runButton).not.toHaveAttribute('data-disabled', 'true');
    const before = await this.#sentAt();
    await this.runButton.click();
    await this.finishedAfter(before);
  }

  /** The time of the request that is shown; empty where there is none. */
  async #sentAt(): Promise<string> {
    const clock = this.result.getByText(/\d\d:\d\d:\d\d\.\d\d\d/);
    return (await clock.count()) === 0 ? '' : ((await clock.first().textContent()) ?? '');
  }

  async sentAt(): Promise<string> {
    return this.#sentAt();
  }

  /** Waits until another request than the one of `before` is shown. */
  async finishedAfter(before: string): Promise<void> {
    await expect(async () => {
      expect(await this.#sentAt()).not.toBe(before);
    }).toPass({ timeout: 20_000 });
    await expect(this.result).toHaveAttribute('aria-busy', 'false');
  }

  /** An output's card by its name. */
  output(name: string): Locator {
    return this.result.locator('section').filter({
      has: this.#page.getByRole('heading', { level: 3, name, exact: true }),
    });
  }

  /** The values of an output that are in view, in order. */
  async values(name: string): Promise<readonly string[]> {
    const output = this.output(name);
    const asValues = output.getByRole('radiogroup', { name: `View of ${name}` }).getByText('Values');
    if ((await asValues.count()) > 0) await asValues.click();
    const table = output.getByRole('table', { name: `Values of ${name}` });
    await expect(table).toBeVisible();
    return table.getByRole('cell').allInnerTexts();
  }

  texts(name: string): Locator {
    return this.output(name)
      .getByRole('list', { name: `Texts of ${name}` })
      .getByRole('listitem');
  }

  /** The best classes of an output, best first. */
  topClasses(name: string): Locator {
    return this.output(name)
      .getByRole('list', { name: `Top classes of ${name}` })
      .getByRole('listitem');
  }

  statistic(output: string, name: string): Locator {
    return this.output(output)
      .locator('dl > div')
      .filter({ has: this.#page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
      .locator('dd');
  }

  async save(output: string, as: 'Save as .npy' | 'Save as JSON'): Promise<Download> {
    await this.output(output)
      .getByRole('button', { name: `Save ${output}` })
      .click();
    const download = this.#page.waitForEvent('download');
    await this.#page.getByRole('menuitem', { name: as }).click();
    return download;
  }

  async saveAll(as: 'All outputs as .npz' | 'All outputs as JSON'): Promise<Download> {
    await this.result.getByRole('button', { name: 'Save all outputs' }).click();
    const download = this.#page.waitForEvent('download');
    await this.#page.getByRole('menuitem', { name: as }).click();
    return download;
  }
}
