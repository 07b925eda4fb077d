import { listOf, member, objectOf, type Json } from './program-json.ts';

const MAX_DEPTH = 50;

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function keysOf(context: Json): readonly string[] {
  // The keys are a list, or the JSON of one in a text.
  const keys = typeof context === 'string' ? parsed(context) : context;
  return Array.isArray(keys) ? keys.map(String) : [];
}

function leavesOf(spec: Json, path: string, depth: number): string[] {
  if (depth > MAX_DEPTH) return [];
  const node = objectOf(spec, 'the call specification');
  const type = member(node, 'type');
  if (type === null) return [path];
  const children = member(node, 'children_spec');
  const keys = typeof type === 'string' && /dict$/i.test(type) ? keysOf(member(node, 'context')) : [];
  return listOf(children, 'the call specification').flatMap((child, index) =>
    leavesOf(child, `${path}[${keys[index] ?? index}]`, depth + 1),
  );
}

/** `[1, {…}]`: a version and the tree. */
function rootOf(spec: string): Json {
  const versioned = parsed(spec);
  return Array.isArray(versioned) ? ((versioned as readonly Json[])[1] ?? null) : null;
}

function isType(spec: Json | undefined, type: string): boolean {
  return spec !== null && typeof spec === 'object' && (spec as { readonly type?: Json }).type === type;
}

/**
 * What each value of a call is called, in order, by the rule of Triton's `torch_aoti` (`call_spec::get_names`):
 * `ARGS[0]`, `ARGS[1][key]`, `KWARGS[name]`. Empty where the specification (a pytree of PyTorch) cannot be read.
 */
export function argumentPaths(spec: string): readonly string[] {
  const root = rootOf(spec);
  if (root === null) return [];
  const children = member(objectOf(root, 'the call specification'), 'children_spec');
  const [args, kwargs] = Array.isArray(children) ? (children as readonly Json[]) : [];
  const isPair = isType(args, 'builtins.tuple') && isType(kwargs, 'builtins.dict');
  if (!isPair || args === undefined || kwargs === undefined) return leavesOf(root, 'ARGS', 0);
  // Keyword arguments have their names in brackets, like every key.
  return [...leavesOf(args, 'ARGS', 0), ...leavesOf(kwargs, 'KWARGS', 0)];
}

/** What each value of an answer is called: `RESULT`, `RESULT[0]`, `RESULT[key]`. */
export function resultPaths(spec: string): readonly string[] {
  const root = rootOf(spec);
  return root === null ? [] : leavesOf(root, 'RESULT', 0);
}
