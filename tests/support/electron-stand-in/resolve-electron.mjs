/** Module hooks: `electron` is the stand-in of the run that the importing module names in its query. */
let lastRun = '0';

export async function resolve(specifier, context, nextResolve) {
  const run = /[?&]run=(\d+)/.exec(context.parentURL ?? '')?.[1];
  if (run !== undefined) lastRun = run;
  if (specifier !== 'electron') return nextResolve(specifier, context);
  const url = new URL(`./electron.mjs?run=${lastRun}`, import.meta.url).href;
  return { url, shortCircuit: true };
}
