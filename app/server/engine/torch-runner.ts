import { stat } from 'node:fs/promises';
import { brokenGuard } from '../../core/formats/torch/check-guards.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { FramedTensor, ToEngine } from './engine-messages.ts';
import type { ModelRunner } from './model-run.ts';
import { translatedModel, type TranslatedModel, type TranslationRequest } from './torch-translation.ts';

type LoadMessage = Extract<ToEngine, { kind: 'load' }>;
type Sizes = ReadonlyMap<string, number>;

/** A translation that is loaded, and what it holds for. */
interface Variant {
  readonly translated: TranslatedModel;
  readonly runner: ModelRunner;
}

/** A model is loaded for so many kinds of shapes at most, and all of them together hold no more than these bytes. */
const MAX_VARIANTS = 8;
const MAX_VARIANT_BYTES = 1024 ** 3;
const MAX_REFUSALS = 100;

/** Sizes of the free dims in a request. @throws StatusError where two inputs say different ones. */
function sizesIn(inputs: readonly FramedTensor[], freeDims: TranslatedModel['freeDims']): Sizes {
  const sizes = new Map<string, { readonly size: number; readonly input: string }>();
  for (const { name, input, axis, factor, constant } of freeDims) {
    const given = inputs.find((each) => each.name === input)?.shape[axis];
    if (given === undefined) continue;
    const size = (given - constant) / factor;
    const known = sizes.get(name);
    // What the translation knows of sizes it knows of those from 1 on.
    if (given === 0)
      throw new StatusError(
        'invalid-argument',
        `dim ${axis} of input '${input}' is 0: a PyTorch model runs here by a translation for sizes of 1 and more`,
      );
    if (!Number.isInteger(size) || size < 1)
      throw new StatusError(
        'invalid-argument',
        `dim ${axis} of input '${input}' is ${given}, which is not of the form ${factor}*${name} + ${constant} that the model takes`,
      );
    if (known !== undefined && known.size !== size)
      throw new StatusError(
        'invalid-argument',
        `input '${known.input}' has ${known.size} for the dim ${name} of the model, and input '${input}' has ${size}`,
      );
    sizes.set(name, { size, input });
  }
  return new Map([...sizes].map(([name, { size }]) => [name, size]));
}

/**
 * The translations of one model. A program that decides by sizes is another computation for other sizes: where none of
 * them holds for a request, the program is followed once more for its sizes.
 */
class TorchVariants {
  readonly #message: LoadMessage;
  readonly #request: TranslationRequest;
  readonly #open: (message: LoadMessage) => Promise<ModelRunner>;
  readonly #most: number;
  readonly #variants: Variant[] = [];
  /** By sizes: what is made, or being made. */
  readonly #asked = new Map<string, Promise<Variant>>();
  /** By sizes: why there is none. */
  readonly #refused = new Map<string, StatusError>();

  constructor(
    message: LoadMessage,
    request: TranslationRequest,
    open: (message: LoadMessage) => Promise<ModelRunner>,
    byteLength: number,
  ) {
    this.#message = message;
    this.#request = request;
    this.#open = open;
    const fitting = Math.floor(MAX_VARIANT_BYTES / Math.max(byteLength, 1));
    // The graph of torch.export is one for all sizes that it takes: its guards are the program's own limits.
    this.#most = request.format === 'torch-export' ? 1 : Math.min(Math.max(fitting, 1), MAX_VARIANTS);
  }

  /** Translates and loads the model for one more kind of shapes. @throws StatusError where it is not translated. */
  async add(example?: Readonly<Record<string, number>>): Promise<Variant> {
    const request = example === undefined ? this.#request : { ...this.#request, example };
    const translated = await translatedModel(this.#message.modelPath, request);
    const runner = await this.#open({ ...this.#message, modelPath: translated.onnxPath });
    const variant = { translated, runner };
    this.#variants.push(variant);
    return variant;
  }

  /** The translation that holds for a request. @throws StatusError where there is none and none can be made. */
  async for(inputs: readonly FramedTensor[]): Promise<Variant> {
    const holds = ({ translated: { guards, freeDims } }: Variant): boolean =>
      brokenGuard(guards, sizesIn(inputs, freeDims)) === null;
    const known = this.#variants.find(holds);
    if (known !== undefined) return known;
    const [first] = this.#variants;
    if (first === undefined) throw new StatusError('internal', 'the model is not loaded');
    const sizes = sizesIn(inputs, first.translated.freeDims);
    const key = JSON.stringify([...sizes]);
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw refused;
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    if (this.#asked.size + 1 >= this.#most) throw refusal(first, sizes);
    const made = this.#makeFor(sizes).catch((cause: unknown) => {
      throw this.#refuse(key, statusOf(cause).message);
    });
    this.#asked.set(key, made);
    return made;
  }

  /** @throws StatusError also where what is made holds for other sizes than its own: a bug, but no wrong answer. */
  async #makeFor(sizes: Sizes): Promise<Variant> {
    const variant = await this.add(Object.fromEntries(sizes));
    const broken = brokenGuard(variant.translated.guards, sizes);
    if (broken !== null)
      throw new StatusError('internal', `the translation for them holds only with ${broken.words}`);
    return variant;
  }

  /** Notes that there is no translation for these sizes, so that nobody tries again with every request. */
  #refuse(key: string, why: string): StatusError {
    this.#asked.delete(key);
    if (this.#refused.size >= MAX_REFUSALS) this.#refused.clear();
    const failure = new StatusError('invalid-argument', `for shapes like those of this request: ${why}`);
    this.#refused.set(key, failure);
    return failure;
  }
}

function refusal({ translated: { guards } }: Variant, sizes: Sizes): StatusError {
  const words = brokenGuard(guards, sizes)?.words ?? 'other sizes';
  return new StatusError(
    'invalid-argument',
    `the model was translated for shapes with ${words}, which those of this request are not`,
  );
}

/** A PyTorch model runs by its translation; where that is not the model, for these shapes, it gets another or refuses. */
export async function openTorchRunner(
  message: LoadMessage,
  open: (message: LoadMessage) => Promise<ModelRunner>,
): Promise<ModelRunner> {
  if (message.translation === null)
    throw new StatusError('internal', 'a PyTorch model needs what it is translated for');
  const { size } = await stat(message.modelPath);
  const variants = new TorchVariants(message, message.translation, open, size);
  const { runner } = await variants.add();
  return {
    provider: runner.provider,
    providerReason: runner.providerReason,
    run: async (request, payload) => (await variants.for(request.inputs)).runner.run(request, payload),
  };
}
