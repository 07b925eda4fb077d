import {
  checkContainerChoices,
  USUAL_CHOICES,
  type ContainerChoices,
} from '../../app/core/triton-container/container-choices.ts';

const KEPT_AT = 'conch.container-choices';

/** What was chosen last in this browser; the usual choices where nothing was, or where it is not to be used. */
export function readKeptChoices(): ContainerChoices {
  try {
    const kept: unknown = JSON.parse(globalThis.localStorage?.getItem(KEPT_AT) ?? 'null');
    return checkContainerChoices({ ...USUAL_CHOICES, ...(kept as Partial<ContainerChoices> | null) });
  } catch {
    return USUAL_CHOICES;
  }
}

/** Keeps the choices for the next time. */
export function keepChoices(choices: ContainerChoices): void {
  globalThis.localStorage?.setItem(KEPT_AT, JSON.stringify(choices));
}
