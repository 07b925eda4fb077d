import {
  exampleGenerateRequest,
  exampleInferRequest,
  type DescribedModel,
  type Json,
} from './openapi-document.ts';
import type { ServedInput, ServedOutput } from './served-signature.ts';

/** The style of the page, by itself: a content security policy can name its hash. */
export const OPENAPI_PAGE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a404b); --soft: light-dark(#f4f6f9, #1b1f27); --accent: light-dark(#2558c7, #8fb2ff); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; color: light-dark(#1c2330, #e7eaf0); background: light-dark(#fff, #12151b); }
h1 { margin: 0; font-size: 1.9rem; } h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
.lead { margin: .25rem 0 0; color: light-dark(#566072, #a6afbf); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } code, pre { font: 13.5px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1rem; overflow-x: auto; }
a { color: var(--accent); } .verb { display: inline-block; min-width: 3.2rem; font-weight: 700; }
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

/** A word of a shell command: nothing in it is special. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

type Tensor = ServedInput | ServedOutput;

function tensorRow(tensor: Tensor, isBatched: boolean): string {
  const dims = isBatched ? ['batch', ...tensor.dims] : tensor.dims;
  const shape = dims.map((dim) => (dim === -1 ? 'any' : String(dim))).join(' × ');
  const note = 'isOptional' in tensor && tensor.isOptional ? 'optional' : '';
  return `<tr><td><code>${escape(tensor.name)}</code></td><td>${tensor.datatype}</td><td>${shape === '' ? 'scalar' : shape}</td><td>${note}</td></tr>`;
}

function tensorTable(title: string, tensors: readonly Tensor[], isBatched: boolean): string {
  const rows = tensors.map((tensor) => tensorRow(tensor, isBatched)).join('');
  return `<h2>${title}</h2><table><thead><tr><th scope="col">Name</th><th scope="col">Datatype</th><th scope="col">Shape</th><th scope="col">Note</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function hasAllData(request: Json): boolean {
  return (
    !JSON.stringify(request).includes('"shape"') || !/"shape":\[[^\]]*\]\}/.test(JSON.stringify(request))
  );
}

function curl(url: string, body: Json): string {
  return `<pre>${escape(`curl -s ${quote(url)} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(JSON.stringify(body))}`)}</pre>`;
}

function tryIt({ signature }: DescribedModel, base: string): string {
  const infer = exampleInferRequest(signature);
  const generate = exampleGenerateRequest(signature);
  const examples = hasAllData(infer)
    ? curl(`${base}/infer`, infer)
    : `<p>An example with all elements would be long, or holds FP16 or BF16, which only travel as binary data: use a Triton client.</p>${curl(`${base}/infer`, infer)}`;
  const generated = generate ? `<h2>Plain JSON</h2>${curl(`${base}/generate`, generate)}` : '';
  return `<h2>Try it</h2>${examples}${generated}`;
}

function endpoints(base: string): string {
  const rows = [
    ['POST', 'infer', 'run the model'],
    ['POST', 'generate', 'run the model with plain JSON'],
    ['POST', 'generate_stream', 'the same, answers as server-sent events'],
    ['GET', 'config', 'the configuration in force'],
    ['GET', 'stats', 'counts and durations'],
    ['GET', 'ready', 'whether the model answers'],
  ].map(
    ([verb = '', path = '', what = '']) =>
      `<tr><td><span class="verb">${verb}</span></td><td><code>${escape(`${base}/${path}`)}</code></td><td>${what}</td></tr>`,
  );
  return `<h2>Endpoints</h2><table><tbody>${rows.join('')}</tbody></table>`;
}

/**
 * A page about one model for people: inputs, outputs, endpoints and commands to copy. It loads nothing and runs no
 * script. `origin` is where the server was asked, for the commands.
 */
export function openApiPage(model: DescribedModel, origin: string): string {
  const { signature, version, platform } = model;
  const isBatched = signature.maxBatchSize > 0;
  const path = `/v2/models/${encodeURI(signature.modelName)}`;
  const batch = isBatched ? `, batches of up to ${signature.maxBatchSize}` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(signature.modelName)} · API</title><style>${OPENAPI_PAGE_STYLE}</style></head>
<body><main><h1>${escape(signature.modelName)}</h1>
<p class="lead">Version ${escape(version)}${platform === '' ? '' : `, ${escape(platform)}`}${batch}. <a href="${escape(`${path}/docs/openapi.json`)}">OpenAPI document</a></p>
${tensorTable('Inputs', [...signature.inputs.values()], isBatched)}
${tensorTable('Outputs', [...signature.outputs.values()], isBatched)}
${tryIt(model, `${origin}${path}`)}
${endpoints(path)}
</main></body></html>
`;
}
