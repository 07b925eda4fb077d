import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { printJsonData } from '../../core/open-inference/json-tensor.ts';
import {
  encodeInferRequest,
  printParameters,
  type RequestParameter,
} from '../../core/open-inference/infer-request.ts';
import { decodeInferResponse, type InferResponse } from '../../core/open-inference/infer-response.ts';
import { StatusError, type StatusCode } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import { answerFailure, isPage, notJson } from './answer-failure.ts';
import { connectionFailure } from './connection-failure.ts';

/** One inference request of a client. */
export interface InferenceRequest {
  readonly model: string;
  /** The server's choice when absent. */
  readonly version?: string;
  readonly id?: string;
  readonly inputs: readonly NamedTensor[];
  /** All outputs when absent. */
  readonly outputs?: readonly string[];
  readonly protocol: 'binary' | 'json';
  readonly parameters?: Readonly<Record<string, RequestParameter>>;
}

/** A failure that a server answered, with the HTTP status that it came with. */
export class ServerAnswerError extends StatusError {
  readonly httpStatus: number;

  constructor(httpStatus: number, message: string) {
    super(codeOfHttpStatus(httpStatus), message);
    this.httpStatus = httpStatus;
  }
}

/** A model in the repository index; only `name` for one that was never loaded. */
export interface IndexedModel {
  readonly name: string;
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}

/** A body that is read while it is sent. */
export interface StreamedBody {
  /** Of all pieces together. */
  readonly byteLength: number;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Ends the request at any time: it fails as `cancelled`. */
  readonly signal: AbortSignal;
}

/** A client of any server of the Open Inference Protocol. Rejects with a {@link StatusError}. */
export interface OpenInferenceClient {
  infer(request: InferenceRequest): Promise<{ response: InferResponse; totalMicroseconds: number }>;
  /** @param body JSON of a load request with parameters, such as a config and files. */
  load(model: string, body?: StreamedBody): Promise<void>;
  unload(model: string): Promise<void>;
  repositoryIndex(): Promise<readonly IndexedModel[]>;
  /** The JSON document of any GET route: `/v2`, `/v2/models/m/config`, … */
  get(path: string): Promise<unknown>;
  isLive(): Promise<boolean>;
  isReady(): Promise<boolean>;
  close(): void;
}

/** Limits of a client. */
export interface ClientOptions {
  /** Silence after which a request fails; none when absent. */
  readonly timeoutMilliseconds?: number;
  /** Whether connections stay open for the next request; they do unless told otherwise. */
  readonly keepsConnections?: boolean;
  readonly maxResponseBytes?: number;
  /** PEM of an authority that is trusted besides the usual ones. */
  readonly certificateAuthority?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_RESPONSE_BYTES = 2 * 1024 ** 3;

function codeOfHttpStatus(status: number): StatusCode {
  switch (status) {
    case 400:
      return 'invalid-argument';
    case 404:
      return 'not-found';
    case 501:
      return 'unsupported';
    case 503:
      return 'unavailable';
    default:
      return status >= 500 ? 'internal' : 'unknown';
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

async function readBody(message: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(message.headers['content-length'] ?? Number.NaN);
  const tooLarge = () => {
    message.destroy();
    return new StatusError('unavailable', `The answer is larger than ${maxBytes} bytes and was not read.`);
  };
  if (declared > maxBytes) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  for await (const piece of message as AsyncIterable<Uint8Array>) {
    byteLength += piece.byteLength;
    if (byteLength > maxBytes) throw tooLarge();
    pieces.push(piece);
  }
  const body = new Uint8Array(byteLength);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.byteLength;
  }
  return body;
}

function jsonInferBody({ id, inputs, outputs, parameters }: InferenceRequest): Uint8Array {
  const printed = inputs.map(({ name, shape, datatype, data }) => {
    if (datatype === 'FP16' || datatype === 'BF16')
      throw new StatusError(
        'unsupported',
        `The JSON form cannot carry ${datatype}; send the request in binary form.`,
      );
    return `{"name":${JSON.stringify(name)},"shape":[${shape.join(',')}],"datatype":"${datatype}","data":${printJsonData(datatype, data)}}`;
  });
  const members = [
    ...(id ? [`"id":${JSON.stringify(id)}`] : []),
    ...(parameters ? [`"parameters":{${printParameters(parameters)}}`] : []),
    `"inputs":[${printed.join(',')}]`,
    ...(outputs ? [`"outputs":${JSON.stringify(outputs.map((name) => ({ name })))}`] : []),
  ];
  return new TextEncoder().encode(`{${members.join(',')}}`);
}

function inferBody(request: InferenceRequest): {
  headers: Record<string, string>;
  blocks: readonly Uint8Array[];
} {
  if (request.protocol === 'json')
    return { headers: { 'Content-Type': 'application/json' }, blocks: [jsonInferBody(request)] };
  const { header, blocks } = encodeInferRequest({
    ...(request.id !== undefined && { id: request.id }),
    inputs: request.inputs,
    ...(request.parameters && { parameters: request.parameters }),
    ...(request.outputs && { outputs: request.outputs.map((name) => ({ name })) }),
  });
  return {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Inference-Header-Content-Length': String(header.byteLength),
    },
    blocks: [header, ...blocks],
  };
}

/** A client for the server at `baseUrl` (`http://127.0.0.1:8000`), with connections that are kept. */
export function createOpenInferenceClient(baseUrl: string, options: ClientOptions = {}): OpenInferenceClient {
  const url = new URL(baseUrl);
  const isSecure = url.protocol === 'https:';
  const keeping = { keepAlive: options.keepsConnections ?? true, maxSockets: 64 };
  const agent = isSecure
    ? new HttpsAgent({
        ...keeping,
        ...(options.certificateAuthority !== undefined && {
          ca: [...rootCertificates, options.certificateAuthority],
        }),
      })
    : new Agent(keeping);
  const prefix = url.pathname.replace(/\/$/, '');
  const maxBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;

  const send = (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string> = {},
    body: readonly Uint8Array[] | StreamedBody = [],
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const streamed = 'pieces' in body ? body : null;
      const blocks = 'pieces' in body ? [] : body;
      const byteLength = streamed?.byteLength ?? blocks.reduce((sum, block) => sum + block.byteLength, 0);
      const start = isSecure ? httpsRequest : httpRequest;
      const outgoing = start({
        agent,
        ...(streamed && { signal: streamed.signal }),
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
        method,
        path: `${prefix}${path}`,
        headers: {
          ...options.headers,
          ...headers,
          ...(method === 'POST' && { 'Content-Length': String(byteLength) }),
        },
        ...(options.timeoutMilliseconds !== undefined && { timeout: options.timeoutMilliseconds }),
      });
      let silence: StatusError | null = null;
      outgoing.on('timeout', () => {
        silence = new StatusError(
          'unavailable',
          `The server at ${baseUrl} said nothing for ${options.timeoutMilliseconds ?? 0} ms.`,
        );
        outgoing.destroy(silence);
      });
      const fail = (cause: Error, hasBegun: boolean) => {
        if (streamed?.signal.aborted) reject(new StatusError('cancelled', 'The request was cancelled.'));
        else reject(cause instanceof StatusError ? cause : connectionFailure(cause, baseUrl, hasBegun));
      };
      outgoing.on('error', (cause) => fail(cause, false));
      outgoing.on('response', (message) => {
        readBody(message, maxBytes).then(
          (body) => resolve({ status: message.statusCode ?? 0, headers: message.headers, body }),
          (cause: unknown) => fail(silence ?? (cause as Error), true),
        );
      });
      if (streamed) {
        Readable.from(streamed.pieces)
          .on('error', (cause) => outgoing.destroy(cause))
          .pipe(outgoing);
        return;
      }
      outgoing.cork();
      for (const block of blocks) outgoing.write(block);
      outgoing.end();
      outgoing.uncork();
    });

  const ask = async (...parts: Parameters<typeof send>): Promise<Answer> => {
    const answer = await send(...parts);
    if (answer.status !== 200) throw new ServerAnswerError(answer.status, answerFailure(answer, baseUrl));
    return answer;
  };
  const askJson = async (...parts: Parameters<typeof send>): Promise<unknown> => {
    const answer = await ask(...parts);
    try {
      return JSON.parse(new TextDecoder().decode(answer.body));
    } catch (cause) {
      throw new StatusError('internal', notJson(answer, `${baseUrl}${parts[1]}`), { cause });
    }
  };

  return {
    infer: async (request) => {
      const { headers, blocks } = inferBody(request);
      const version = request.version === undefined ? '' : `/versions/${encodeURIComponent(request.version)}`;
      const startedAt = performance.now();
      const answer = await ask(
        'POST',
        `/v2/models/${encodeURIComponent(request.model)}${version}/infer`,
        headers,
        blocks,
      );
      const totalMicroseconds = Math.round((performance.now() - startedAt) * 1000);
      if (isPage(answer)) throw new StatusError('internal', notJson(answer, baseUrl));
      const headerLength = answer.headers['inference-header-content-length'];
      const response = decodeInferResponse(
        answer.body,
        headerLength === undefined ? null : Number(headerLength),
      );
      return { response, totalMicroseconds };
    },
    load: async (model, body) => {
      await ask('POST', `/v2/repository/models/${encodeURIComponent(model)}/load`, {}, body);
    },
    unload: async (model) => {
      await ask('POST', `/v2/repository/models/${encodeURIComponent(model)}/unload`);
    },
    repositoryIndex: async () => (await askJson('POST', '/v2/repository/index')) as readonly IndexedModel[],
    get: (path) => askJson('GET', path),
    isLive: async () => (await send('GET', '/v2/health/live')).status === 200,
    isReady: async () => (await send('GET', '/v2/health/ready')).status === 200,
    close: () => agent.destroy(),
  };
}
