/** What to use, or why it cannot be used on this machine. */
type Part<Value> =
  { readonly value: Value; readonly reason: null } | { readonly value: null; readonly reason: string };

export function installClients(options: { readonly wantsAnalyzer: boolean }): {
  readonly clients: Part<string>;
  readonly realTriton: Part<{
    readonly program: string;
    readonly flags: readonly string[];
    readonly libraries: string;
  }>;
  readonly perfAnalyzer: Part<{ readonly program: string; readonly libraries: string }>;
  readonly analyzer: Part<string>;
};

/** The Python with MLServer, FastAPI and ONNX Runtime. Throws where it cannot be installed. */
export function installOtherServers(): string;
