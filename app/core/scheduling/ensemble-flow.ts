import { matchesDims } from '../open-inference/served-signature.ts';
import type { NamedTensor } from '../tensors/tensor.ts';
import { neededSteps, type EnsemblePlan } from './ensemble-plan.ts';

/** A tensor of one ensemble request; `tensor` is null for one that exists and was left out (an optional input). */
interface FlowTensor {
  readonly tensor: NamedTensor | null;
  /** Batch size of whoever made it; 0: it has no batch dimension. */
  readonly batchSize: number;
}

/** How the model of a step takes tensors. */
export interface StepTarget {
  readonly isBatched: boolean;
  /** Dims of its inputs, without the batch dimension. */
  readonly inputDims: (input: string) => readonly number[];
}

/**
 * One request on its way through an ensemble: which steps can run given which tensors exist
 * (`EnsembleContext` of `ensemble_scheduler.cc`). It is told what happened and answers with the steps that became
 * ready; whoever owns it runs them. Steps of which no output is wanted never become ready.
 */
export class EnsembleFlow {
  readonly #plan: EnsemblePlan;
  readonly #wanted: readonly string[];
  /** Steps that were not named as ready yet. */
  readonly #waiting: Set<number>;
  /** Steps that have not taken their inputs yet. */
  readonly #unfed: Set<number>;
  readonly #tensors = new Map<string, FlowTensor>();

  /** @param wanted names of the outputs to make; empty for all. */
  constructor(plan: EnsemblePlan, wanted: readonly string[]) {
    this.#plan = plan;
    this.#wanted = wanted.length > 0 ? wanted : [...plan.outputs.keys()];
    this.#waiting = new Set(neededSteps(plan, this.#wanted).toSorted((left, right) => left - right));
    this.#unfed = new Set(this.#waiting);
  }

  /** Takes the tensors of the request. @param batchSize 0 if the ensemble has no batch dimension. */
  start(inputs: readonly NamedTensor[], batchSize: number): readonly number[] {
    for (const tensor of inputs) this.#tensors.set(tensor.name, { tensor, batchSize });
    for (const name of this.#plan.optionalInputs) {
      if (!this.#tensors.has(name)) this.#tensors.set(name, { tensor: null, batchSize });
    }
    return this.#takeReady();
  }

  /** Takes what a step gave; an output that it left out counts as an optional input that is not there. */
  finish(step: number, outputs: readonly NamedTensor[], batchSize: number): readonly number[] {
    for (const [output, name] of this.#plan.steps[step]?.outputs ?? []) {
      const tensor = outputs.find((each) => each.name === output);
      this.#tensors.set(name, { tensor: tensor ? { ...tensor, name } : null, batchSize });
    }
    return this.#takeReady();
  }

  #takeReady(): readonly number[] {
    const ready = [...this.#waiting].filter((index) => {
      const inputs = this.#plan.steps[index]?.inputs.values() ?? [];
      return [...inputs].every((name) => this.#tensors.has(name));
    });
    for (const index of ready) this.#waiting.delete(index);
    return ready;
  }

  /** Takes the inputs of a step that is ready, once, named and shaped as its model wants them. */
  takeInputs(step: number, target: StepTarget): readonly NamedTensor[] {
    const inputs = [...(this.#plan.steps[step]?.inputs ?? [])].flatMap(([input, name]) => {
      const { tensor = null, batchSize = 0 } = this.#tensors.get(name) ?? {};
      if (!tensor) return [];
      const shape = rebatch(tensor.shape, target.inputDims(input), target.isBatched, batchSize);
      return [{ ...tensor, name: input, shape }];
    });
    this.#unfed.delete(step);
    this.#forgetUnused();
    return inputs;
  }

  /** Lets go of tensors that no step waits for and nobody asked for: a long chain holds two at a time, not all. */
  #forgetUnused(): void {
    const used = new Set(this.#wanted);
    for (const index of this.#unfed) {
      for (const name of this.#plan.steps[index]?.inputs.values() ?? []) used.add(name);
    }
    for (const [name, known] of this.#tensors) {
      if (!used.has(name)) this.#tensors.set(name, { ...known, tensor: null });
    }
  }

  /**
   * The outputs that were asked for, in the plan's order; null while one is missing. An output that no step gave is
   * left out. @param isBatched whether the ensemble has a batch dimension.
   */
  outputs(isBatched: boolean): readonly NamedTensor[] | null {
    if (!this.#wanted.every((name) => this.#tensors.has(name))) return null;
    return [...this.#plan.outputs].flatMap(([name, dims]) => {
      const { tensor = null, batchSize = 0 } = this.#tensors.get(name) ?? {};
      if (!tensor || !this.#wanted.includes(name)) return [];
      return [{ ...tensor, shape: rebatch(tensor.shape, dims, isBatched, batchSize) }];
    });
  }
}

/**
 * The shape that a tensor has for whoever takes it, where one of both knows batches and the other does not
 * (`ReshapeTensorDims`): a batch dimension of 1 is put before what fits without one, and taken away where only then it
 * fits. Anything else passes as it is, and is checked by the model.
 */
function rebatch(
  shape: readonly number[],
  dims: readonly number[],
  isBatched: boolean,
  batchSize: number,
): readonly number[] {
  if (isBatched === (batchSize !== 0)) return shape;
  const fits = matchesDims(shape, dims);
  if (isBatched) return fits ? [1, ...shape] : shape;
  return !fits && batchSize === 1 ? shape.slice(1) : shape;
}
