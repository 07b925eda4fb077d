import type { SymbolicInt } from './symbolic-int.ts';
import type { TorchDtype } from './torch-dtypes.ts';
import { TranslationFailure } from './translation-failure.ts';

/** A number that is no tensor: a Python int (exact, perhaps of the inputs' dims), a float, or a bool. */
export type TorchScalar = SymbolicInt | number | boolean;

/** How a view is made from its base, and how what is written into it goes back. Names are values of the graph. */
export interface ViewPath {
  readonly base: TorchTensor;
  read(base: string): string;
  /** The base with the view's new value in it. @throws TranslationFailure where that cannot be said. */
  write(base: string, view: string): string;
}

/** Where the values of a tensor were taken from. In PyTorch it may be that very memory. */
interface Origin {
  readonly from: TorchTensor;
  /** Whether it surely is memory of its own; asked when one of both is written to and that decides. */
  readonly isCopy: () => boolean;
}

interface TensorParts {
  readonly dtype: TorchDtype;
  readonly dims: readonly SymbolicInt[];
  /** Puts the value into the graph; called at most once, when something reads it. */
  readonly make: () => string;
  readonly view?: ViewPath;
  readonly scalar?: TorchScalar | null;
  readonly isWrappedNumber?: boolean;
  readonly isContiguous?: boolean;
  /** Whether its elements surely do not lie in order; absent where that is not known. */
  readonly isScattered?: () => boolean;
  readonly origin?: Origin;
  /** What it is an attribute of the module as: writing to it would change the model. */
  readonly attribute?: string;
}

/**
 * A tensor of the model while it is translated. Like PyTorch's it can be written in place, and views of it see that:
 * the value in the graph changes, the tensor stays.
 */
export class TorchTensor {
  readonly dtype: TorchDtype;
  /** Sizes for every input, as far as they depend on them. */
  readonly dims: readonly SymbolicInt[];
  /** A Python number that became a tensor only in passing: it does not decide dtypes. */
  readonly isWrappedNumber: boolean;
  /** Elements lie in memory in the order of the dims; false where that is not sure. */
  readonly isContiguous: boolean;
  readonly attribute: string | null;
  readonly #isScattered: () => boolean;
  readonly #origin: Origin | null;
  readonly #originVersion: number;
  readonly #make: () => string;
  readonly #view: ViewPath | null;
  readonly #viewDepth: number;
  #scalar: TorchScalar | null;
  #name: string | null = null;
  #seenVersion = 0;
  /** The version of the base of a view when its value was known. */
  readonly #madeVersion: number;
  #version = 0;

  constructor(parts: TensorParts) {
    this.dtype = parts.dtype;
    this.dims = parts.dims;
    this.isWrappedNumber = parts.isWrappedNumber ?? false;
    this.isContiguous = parts.isContiguous ?? true;
    this.attribute = parts.attribute ?? null;
    this.#isScattered = parts.isScattered ?? (() => false);
    this.#origin = parts.origin ?? null;
    this.#originVersion = this.#origin?.from.version ?? 0;
    this.#make = parts.make;
    this.#view = parts.view ?? null;
    this.#viewDepth = this.#view === null ? 0 : this.#view.base.viewDepth + 1;
    this.#scalar = parts.scalar ?? null;
    this.#seenVersion = this.#view?.base.version ?? 0;
    this.#madeVersion = this.#seenVersion;
  }

  /** How many views one of the other it is; 0 for what is no view. */
  get viewDepth(): number {
    return this.#viewDepth;
  }

  get rank(): number {
    return this.dims.length;
  }

  /** The value where it is a number that is known while translating. */
  get scalar(): TorchScalar | null {
    if (this.#view !== null && this.#view.base.version !== this.#madeVersion) return null;
    return this.#scalar;
  }

  /** Whether its elements surely lie in another order than that of the dims; false where that is not known. */
  isScattered(): boolean {
    return this.#isScattered();
  }

  /** Whether it is nothing but another look at that tensor. */
  isViewOf(base: TorchTensor): boolean {
    return this.#view?.base === base;
  }

  /** Changes with every write, to the tensor, to what it is a view of, or to what it may be a view of. */
  get version(): number {
    return this.#version + (this.#view?.base.version ?? 0) + (this.#origin?.from.version ?? 0);
  }

  #refuseSharing(): void {
    if (this.#origin?.isCopy() === false)
      throw new TranslationFailure(
        'forward writes into a tensor or a rearranged one of it, and whether both share memory is not sure',
      );
  }

  /** Its value in the graph now. @throws TranslationFailure where a write may have changed it, and that is not sure. */
  get name(): string {
    if (this.#origin !== null && this.#origin.from.version !== this.#originVersion) this.#refuseSharing();
    if (this.#view !== null && this.#view.base.version !== this.#seenVersion) {
      this.#seenVersion = this.#view.base.version;
      this.#name = this.#view.read(this.#view.base.name);
    }
    this.#name ??= this.#make();
    return this.#name;
  }

  /** Writes a value of the same dtype and dims into it, and so into what it is a view of. */
  assign(name: string): void {
    if (this.attribute !== null)
      throw new TranslationFailure(
        `forward writes into ${this.attribute}, which would change the model itself`,
      );
    this.#refuseSharing();
    this.#scalar = null;
    if (this.#view === null) {
      this.#name = name;
      this.#version += 1;
      return;
    }
    const { base } = this.#view;
    base.assign(this.#view.write(base.name, name));
    this.#seenVersion = base.version;
    this.#name = name;
  }
}
