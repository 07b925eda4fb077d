import type { FlagName } from './command-line-flags.ts';
import type { ConnectionOptions } from './grpc/connection-care.ts';
import type { CompressionLevel } from './grpc/message-compression.ts';

/** Certificates of the gRPC port, as paths of PEM files; empty: not given. */
export interface TlsOptions {
  readonly serverCert: string;
  readonly serverKey: string;
  readonly rootCert: string;
  /** Clients must show a certificate of the root, too. */
  readonly isMutual: boolean;
}

/** How the gRPC port is served (`--grpc-…`). */
export interface GrpcOptions {
  readonly isAllowed: boolean;
  readonly address: string;
  readonly port: number;
  /** Null: in the clear. */
  readonly tls: TlsOptions | null;
  readonly responseCompressionLevel: CompressionLevel;
  readonly connection: ConnectionOptions;
  /** The header (without its prefix) that an API category wants. */
  readonly restrictedApis: ReadonlyMap<string, { readonly header: string; readonly value: string }>;
  /** Metadata whose names match it are handed to models as parameters; empty: none. */
  readonly headerForwardPattern: string;
}

/** A level that does not exist means none, as in Triton. */
function readCompressionLevel(text: string): CompressionLevel {
  const level = text.toLowerCase();
  return level === 'low' || level === 'medium' || level === 'high' ? level : 'none';
}

/** The flags as they were given. */
export interface GivenGrpcFlags {
  readonly last: (name: FlagName, fallback: string) => string;
  readonly boolean: (name: FlagName, fallback: boolean) => boolean;
  readonly integer: (name: FlagName, fallback: number) => number;
  readonly restrictedApis: GrpcOptions['restrictedApis'];
}

/** What the flags of the gRPC port mean. */
export function readGrpcOptions({ last, boolean, integer, restrictedApis }: GivenGrpcFlags): GrpcOptions {
  const isMutual = boolean('grpc-use-ssl-mutual', false);
  return {
    isAllowed: boolean('allow-grpc', true),
    address: last('grpc-address', '127.0.0.1'),
    port: integer('grpc-port', 8001),
    tls:
      isMutual || boolean('grpc-use-ssl', false)
        ? {
            serverCert: last('grpc-server-cert', ''),
            serverKey: last('grpc-server-key', ''),
            rootCert: last('grpc-root-cert', ''),
            isMutual,
          }
        : null,
    responseCompressionLevel: readCompressionLevel(last('grpc-infer-response-compression-level', 'none')),
    connection: {
      keepaliveMilliseconds: integer('grpc-keepalive-time', 7_200_000),
      keepaliveTimeoutMilliseconds: integer('grpc-keepalive-timeout', 20_000),
      keepalivePermitWithoutCalls: boolean('grpc-keepalive-permit-without-calls', false),
      maxPingsWithoutData: integer('grpc-http2-max-pings-without-data', 2),
      minRecvPingIntervalMilliseconds: integer('grpc-http2-min-recv-ping-interval-without-data', 300_000),
      maxPingStrikes: integer('grpc-http2-max-ping-strikes', 2),
      maxConnectionAgeMilliseconds: integer('grpc-max-connection-age', 0),
      maxConnectionAgeGraceMilliseconds: integer('grpc-max-connection-age-grace', 0),
    },
    restrictedApis,
    headerForwardPattern: last('grpc-header-forward-pattern', ''),
  };
}
