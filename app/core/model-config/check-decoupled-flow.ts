import { StatusError } from '../status.ts';
import type { Message, ModelConfig } from './model-config.ts';

type Step = Message<'ModelEnsembling.Step'>;

/** The run of a decoupled model that a tensor comes from; 0: from none. */
type Origin = number;

/**
 * Whether an ensemble may give any number of responses, because a model of its steps may. Refuses with Triton's text
 * (`ValidateEnsembleConfig`) one that brings together what two such models made: their responses do not pair up.
 * @param models effective configs of the models that the steps name.
 */
export function checkDecoupledFlow(
  config: ModelConfig,
  models: ReadonlyMap<string, ModelConfig>,
): { readonly isDecoupled: boolean } {
  const ensemble = config.name ?? '';
  const origins = new Map<string, Origin>((config.input ?? []).map(({ name = '' }) => [name, 0]));
  const outputs = new Set((config.output ?? []).map(({ name = '' }) => name));
  let runs = 0;
  let waiting = config.ensemble_scheduling?.step ?? [];
  for (;;) {
    const ready = waiting.filter((step) => tensorsOf(step.input_map).every((name) => origins.has(name)));
    if (ready.length === 0) break;
    for (const step of ready) {
      const written = tensorsOf(step.output_map);
      const isLast = written.some((name) => outputs.has(name));
      const origin = commonOrigin(
        origins,
        tensorsOf(step.input_map),
        ensemble,
        isLast ? ensemble : modelOf(step),
      );
      const isDecoupled = models.get(modelOf(step))?.model_transaction_policy?.decoupled ?? false;
      if (isDecoupled) runs += 1;
      for (const name of written) origins.set(name, isDecoupled ? runs : origin);
    }
    waiting = waiting.filter((step) => !ready.includes(step));
  }
  commonOrigin(origins, [...outputs], ensemble, ensemble);
  return { isDecoupled: runs > 0 };
}

function modelOf({ model_name: name = '' }: Step): string {
  return name;
}

function tensorsOf(map: Step['input_map']): readonly string[] {
  return Object.values(map ?? {});
}

function commonOrigin(
  origins: ReadonlyMap<string, Origin>,
  tensors: readonly string[],
  ensemble: string,
  model: string,
): Origin {
  const [first = 0, ...others] = tensors.map((name) => origins.get(name) ?? 0);
  if (others.every((origin) => origin === first)) return first;
  throw new StatusError(
    'invalid-argument',
    `in ensemble ${ensemble}, step of model '${model}' receives inputs originated from different decoupled models`,
  );
}
