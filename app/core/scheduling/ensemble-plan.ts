import type { ModelConfig } from '../model-config/model-config.ts';
import { inUnorderedMapOrder } from '../unordered-map-order.ts';

/** One step of an ensemble: a model whose inputs and outputs are tensors of the ensemble. */
export interface EnsembleStep {
  readonly modelName: string;
  /** Null: the newest version that is ready (`model_version: -1`). */
  readonly version: string | null;
  /** Ensemble tensor by the name of the model's input. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Ensemble tensor by the name of the model's output. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** The data flow of an ensemble, as its config says (`EnsembleInfo` of `ensemble_scheduler.cc`). */
export interface EnsemblePlan {
  readonly steps: readonly EnsembleStep[];
  /**
   * Outputs of the ensemble in the order in which Triton answers them, with the dims that they have inside it, without
   * the batch dimension.
   */
  readonly outputs: ReadonlyMap<string, readonly number[]>;
  readonly optionalInputs: ReadonlySet<string>;
  /** Requests that may be in one step at a time, over all requests of the ensemble; 0: no limit. */
  readonly maxInflightRequests: number;
}

/** Reads the data flow of an ensemble's config. */
export function planEnsemble(config: ModelConfig): EnsemblePlan {
  const { step = [], max_inflight_requests: limit = 0 } = config.ensemble_scheduling ?? {};
  const outputs = (config.output ?? []).map(({ name = '', reshape, dims = [] }) => ({
    name,
    dims: reshape ? (reshape.shape ?? []) : dims,
  }));
  return {
    steps: step.map((each) => ({
      modelName: each.model_name ?? '',
      version: each.model_version === -1 ? null : String(each.model_version ?? 0),
      inputs: new Map(Object.entries(each.input_map ?? {})),
      outputs: new Map(Object.entries(each.output_map ?? {})),
    })),
    outputs: new Map(inUnorderedMapOrder(outputs).map(({ name, dims }) => [name, dims])),
    optionalInputs: new Set(
      (config.input ?? []).filter(({ optional }) => optional).map(({ name = '' }) => name),
    ),
    maxInflightRequests: limit,
  };
}

/** The step that writes a tensor; undefined for one that the request brings. */
export function producerOf(plan: EnsemblePlan, tensor: string): EnsembleStep | undefined {
  return plan.steps.find(({ outputs }) => [...outputs.values()].includes(tensor));
}

/**
 * The steps that have to run for some of the outputs: a step of which nobody wants an output is left out, and so are
 * the steps that only fed it.
 */
export function neededSteps(plan: EnsemblePlan, wanted: Iterable<string>): readonly number[] {
  const needed = new Set<number>();
  const open = [...wanted];
  for (const tensor of open) {
    const index = plan.steps.findIndex(({ outputs }) => [...outputs.values()].includes(tensor));
    const step = plan.steps[index];
    if (!step || needed.has(index)) continue;
    needed.add(index);
    open.push(...step.inputs.values());
  }
  return [...needed];
}

/**
 * The steps in the order in which they can run: those of one group need nothing of each other. Steps that wait for a
 * tensor that nobody makes come last, as one group.
 */
export function stepGroups(plan: EnsemblePlan): readonly (readonly number[])[] {
  const groups: number[][] = [];
  let waiting = [...plan.steps.keys()];
  while (waiting.length > 0) {
    const coming = new Set(waiting.flatMap((index) => [...(plan.steps[index]?.outputs.values() ?? [])]));
    const ready = waiting.filter((index) =>
      [...(plan.steps[index]?.inputs.values() ?? [])].every((name) => !coming.has(name)),
    );
    const group = ready.length > 0 ? ready : waiting;
    groups.push(group);
    waiting = waiting.filter((index) => !group.includes(index));
  }
  return groups;
}
