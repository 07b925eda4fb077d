import {
  Client,
  credentials,
  Metadata,
  status as codes,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { compareTexts } from './compare-json.ts';
import type { RecordedRow, Row } from './recording.ts';
import type { ReplayServer } from './replay-server.ts';
import { prepareGrpcRegion } from './shared-memory-regions.ts';
import { different, EXACT, same, worst, type Verdict } from './verdict.ts';

/** Status and messages that came back, as bytes. */
interface Answer {
  readonly code: string;
  readonly details: string;
  readonly messages: readonly Buffer[];
}

type Message = Readonly<Record<string, unknown>>;
type Method = MethodDefinition<object, object>;

const PREFIX: Readonly<Record<string, string>> = { Check: '/grpc.health.v1.Health/' };
const DEADLINE_MILLISECONDS = 30_000;
/** What the row named `deadline` allows a model that takes 100 ms. */
const SHORT_DEADLINE_MILLISECONDS = 30;
const asIs = (bytes: Buffer): Buffer => bytes;

function pathOf(rpc: string): string {
  return `${PREFIX[rpc] ?? '/inference.GRPCInferenceService/'}${rpc}`;
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function answerOf(
  { code, details }: Pick<StatusObject, 'code' | 'details'>,
  messages: readonly Buffer[],
): Answer {
  return { code: codes[code], details, messages };
}

function metadataOf(row: Row): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of (row.metadata as unknown as [string, string][] | undefined) ?? [])
    metadata.add(key, value);
  return metadata;
}

/** Replays recorded request bytes on one channel to a server. */
export class GrpcReplay {
  readonly #server: ReplayServer;
  readonly #client: Client;
  readonly #methods: ReadonlyMap<string, Method>;
  #hasRegion = false;

  constructor(server: ReplayServer, protos: string) {
    this.#server = server;
    this.#client = new Client(`127.0.0.1:${server.ports.grpc}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    const options = {
      keepCase: true,
      longs: String,
      enums: String,
      bytes: String,
      defaults: true,
      includeDirs: [protos],
    };
    const definitions = loadSync(['grpc_service.proto', 'health.proto'], options);
    const services = [definitions['inference.GRPCInferenceService'], definitions['grpc.health.v1.Health']];
    const entries = services.flatMap((service) => Object.entries(service ?? {}));
    this.#methods = new Map(entries as [string, Method][]);
  }

  async replay({ recording, name, row }: RecordedRow): Promise<Verdict> {
    if (recording === 'grpc_shm' && !this.#hasRegion) await prepareGrpcRegion();
    this.#hasRegion = true;
    const isStream = Array.isArray(row.request_base64);
    const answer = isStream ? await this.#stream(row) : await this.#call(row, name);
    const { code = '', details = '' } = row.status ?? {};
    // The client says this by itself, in words of its own.
    if (code === 'DEADLINE_EXCEEDED' && answer.code === code) return same(details, answer.details);
    if (answer.code !== code || this.#server.place(answer.details) !== details)
      return different(`${code} ${details}`, `${answer.code} ${answer.details}`);
    const expected = isStream ? (row.responses_base64 ?? []) : [row.response_base64 ?? ''];
    if (code !== 'OK' && !isStream) return EXACT;
    return this.#compareMessages(row, expected.map(bytesOf), answer.messages);
  }

  close(): void {
    this.#client.close();
  }

  #call(row: Row, name: string): Promise<Answer> {
    const allowed = name === 'deadline' ? SHORT_DEADLINE_MILLISECONDS : DEADLINE_MILLISECONDS;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        pathOf(row.rpc ?? ''),
        asIs,
        asIs,
        bytesOf(String(row.request_base64)),
        metadataOf(row),
        { deadline: Date.now() + allowed },
        (failure: ServiceError | null, message?: Buffer) =>
          resolve(
            failure
              ? answerOf(failure, [])
              : answerOf({ code: codes.OK, details: '' }, [message ?? Buffer.alloc(0)]),
          ),
      );
    });
  }

  #stream(row: Row): Promise<Answer> {
    return new Promise((resolve) => {
      const messages: Buffer[] = [];
      const stream = this.#client.makeBidiStreamRequest(pathOf(row.rpc ?? ''), asIs, asIs, metadataOf(row), {
        deadline: Date.now() + DEADLINE_MILLISECONDS,
      });
      stream.on('data', (message: Buffer) => messages.push(message));
      stream.on('error', () => undefined);
      stream.on('status', (status: StatusObject) => resolve(answerOf(status, messages)));
      for (const request of row.request_base64 as readonly string[]) stream.write(bytesOf(request));
      stream.end();
    });
  }

  #compareMessages(row: Row, expected: readonly Buffer[], got: readonly Buffer[]): Verdict {
    if (expected.length !== got.length)
      return different(`${expected.length} messages`, `${got.length} messages`);
    const decode = this.#methods.get(row.rpc ?? '')?.responseDeserialize;
    if (!decode) return different('a known method', row.rpc);
    return worst(
      expected.map((message, at) => {
        const ours = got[at] ?? Buffer.alloc(0);
        if (message.equals(ours)) return EXACT;
        const [want, have] = [decode(message), decode(ours)].map((each) => this.#comparable(each as Message));
        const verdict = compareTexts(JSON.stringify(want), this.#server.place(JSON.stringify(have)));
        // In statistics times are left out of the comparison, and nothing else is.
        const isWhole = verdict.kind !== 'exact' || row.rpc === 'ModelStatistics';
        return isWhole ? verdict : same(message.toString('base64'), ours.toString('base64'));
      }),
    );
  }

  /** Tensors beside their outputs, so that outputs can come in any order. Unknown states are left out. */
  #comparable(message: Message): Message {
    const inner = (message['infer_response'] ?? message) as Message;
    if (!Array.isArray(inner['outputs']) || !Array.isArray(inner['raw_output_contents'])) return message;
    const raw = inner['raw_output_contents'] as readonly string[];
    const isUnknown = UNKNOWN_STATE.has(String(inner['model_name']));
    const outputs = (inner['outputs'] as readonly Message[]).map((output, at) =>
      Object.assign({ raw: isUnknown ? '' : raw[at] }, output),
    );
    const { raw_output_contents: _, ...rest } = inner;
    const paired = { ...rest, outputs };
    return 'infer_response' in message ? { ...message, infer_response: paired } : paired;
  }
}

const UNKNOWN_STATE = new Set(['st_direct', 'st_oldest', 'st_expose', 'seq_1slot']);
