/** A sample model that ships with Conch, as a card on the empty window. */
export interface Sample {
  /** Name of its directory in `sample-models/`. */
  readonly name: string;
  readonly title: string;
  /** One line: what it takes and what it answers. */
  readonly description: string;
  /** By input name: a file relative to the model's directory (`try/3.npy`), or the values themselves. */
  readonly exampleInputs: Readonly<Record<string, ExampleInput>>;
}

/** Where an example input's values are. `values` is nested or flat JSON, row-major. */
export type ExampleInput =
  { readonly file: string } | { readonly shape: readonly number[]; readonly values: readonly unknown[] };
