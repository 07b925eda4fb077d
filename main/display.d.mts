/** Whether a window or browser opened on this machine would be seen. */
export function hasDisplay(facts: {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}): boolean;
