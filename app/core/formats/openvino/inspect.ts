import type { Datatype } from '../../datatypes.ts';
import { describeFindings } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import { MalformedFile } from '../malformed-file.ts';
import type { Dim, ModelDescription, ModelNotice, TensorSignature } from '../model-description.ts';

const MAX_XML_BYTES = 64 * 1024 * 1024;

const PRECISIONS: ReadonlyMap<string, Datatype> = new Map([
  ['FP32', 'FP32'],
  ['FP16', 'FP16'],
  ['FP64', 'FP64'],
  ['BF16', 'BF16'],
  ['I8', 'INT8'],
  ['I16', 'INT16'],
  ['I32', 'INT32'],
  ['I64', 'INT64'],
  ['U8', 'UINT8'],
  ['U16', 'UINT16'],
  ['U32', 'UINT32'],
  ['U64', 'UINT64'],
  ['BOOL', 'BOOL'],
  ['BOOLEAN', 'BOOL'],
  ['STRING', 'BYTES'],
]);

interface Layer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** Describes an OpenVINO IR by its Parameter and Result layers. Weights are not read. */
export async function inspectOpenvino(candidate: Candidate): Promise<ModelDescription> {
  const { source, path, tree } = candidate;
  if (source.size > MAX_XML_BYTES)
    throw new MalformedFile(`the XML takes ${source.size} bytes; at most ${MAX_XML_BYTES} are read`);
  const xml = new TextDecoder('utf-8').decode(await source.read(0, source.size));
  const layers = layersOf(xml);
  const weights = path.replace(/\.xml$/i, '.bin');
  const hasWeights = tree.paths.includes(weights);
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const producers = new Map(
    Array.from(xml.matchAll(/<edge\s([^>]*)>/g), ([, edge = '']) => [
      attribute(edge, 'to-layer'),
      attribute(edge, 'from-layer'),
    ]),
  );
  return describeFindings(candidate, {
    format: 'openvino',
    formatName: 'OpenVINO IR',
    byteSize: source.size + (hasWeights ? (await tree.open(weights)).size : 0),
    facts: [
      ['Name', attribute(/<net\s([^>]*)>/.exec(xml)?.[1] ?? '', 'name')],
      ['IR version', attribute(/<net\s([^>]*)>/.exec(xml)?.[1] ?? '', 'version')],
      ['Layers', String(layers.length)],
    ],
    inputs: layers
      .filter(({ type }) => type === 'Parameter')
      .map((layer) => signatureOf(layer, 'output', layer.name)),
    outputs: layers
      .filter(({ type }) => type === 'Result')
      .map((layer) =>
        signatureOf(layer, 'input', nameOfProducer(byId.get(producers.get(layer.id) ?? '')) ?? layer.name),
      ),
    notices: hasWeights ? [] : [missingWeights(fileNameOf(weights))],
    verdict: {
      kind: 'needs-container',
      backend: 'openvino',
      reason:
        'OpenVINO models run in the OpenVINO backend of a Triton container, as model.xml and model.bin.',
    },
  });
}

function missingWeights(name: string): ModelNotice {
  return {
    severity: 'error',
    text: `The weights (${name}) are not beside the XML file.`,
    fix: { text: `Open the folder that holds both files, or both files together.` },
  };
}

function layersOf(xml: string): Layer[] {
  const layers: Layer[] = [];
  for (const part of xml.split('<layer ').slice(1)) {
    const head = part.slice(0, part.indexOf('>'));
    const type = attribute(head, 'type');
    const text =
      type === 'Parameter' || type === 'Result' || layers.length < 100_000 ? part.slice(0, 20_000) : '';
    layers.push({ id: attribute(head, 'id'), name: attribute(head, 'name'), type, text });
  }
  return layers;
}

function nameOfProducer(layer: Layer | undefined): string | undefined {
  const port = layer === undefined ? undefined : /<output>\s*<port\s([^>]*)>/.exec(layer.text)?.[1];
  const names = port === undefined ? '' : attribute(port, 'names');
  return names.split(',')[0] || layer?.name;
}

function signatureOf(layer: Layer, side: 'input' | 'output', fallbackName: string): TensorSignature {
  const port = new RegExp(`<${side}>\\s*<port\\s([^>]*?)(?:/>|>(.*?)</port>)`, 's').exec(layer.text);
  const precision = attribute(port?.[1] ?? '', 'precision');
  const datatype = PRECISIONS.get(precision.toUpperCase()) ?? null;
  const dims = Array.from((port?.[2] ?? '').matchAll(/<dim>\s*(-?\d+)\s*<\/dim>/g), ([, size = '0']): Dim => {
    return Number(size) < 0 ? { kind: 'unknown' } : { kind: 'fixed', size: Number(size) };
  });
  return {
    name: attribute(port?.[1] ?? '', 'names').split(',')[0] || fallbackName,
    datatype: {
      value: datatype,
      provenance: 'model',
      reason: `The model declares ${precision || 'no precision'}.`,
    },
    dims: {
      value: port === null ? null : dims,
      provenance: 'model',
      reason: 'The model declares these dimensions.',
    },
    ...(datatype === null ? { unsupported: `Triton has no datatype for ${precision || 'it'}` } : {}),
  };
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
