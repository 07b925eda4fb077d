import type { Flag, FlagName } from './command-line-flags.ts';
import {
  readBackendConfig,
  readBoolean,
  readCacheConfig,
  readChoice,
  readFloat,
  readHostPolicy,
  readInteger,
  readMetricsConfig,
  readPair,
  readRateLimitResource,
  readRestriction,
  readTraceConfig,
  readTraceLevel,
  readVerboseLevel,
  WrongValue,
} from './flag-values.ts';

type Check = (text: string) => unknown;

function mustBe(isRight: boolean, reason: string): void {
  if (!isRight) throw new WrongValue(reason);
}

const asUnsigned = (text: string): number => readInteger(text, 'uint64');

const bySize: Check = (text) => readPair(text, ':', asUnsigned);

/** What a value must be besides what its kind says, in tritonserver's words. */
const CHECKS: Partial<Record<FlagName, Check>> = {
  'log-verbose': readVerboseLevel,
  'log-format': (text) => readChoice('log-format', text, ['default', 'ISO8601']),
  'model-control-mode': (text) =>
    readChoice('model-control-mode', text.toLowerCase(), ['none', 'poll', 'explicit']),
  'model-config-name': (text) => mustBe(text !== '', 'Error: empty argument for --model-config-name'),
  'http-max-input-size': (text) =>
    mustBe(readInteger(text, 'int64') > 0, 'Error: --http-max-input-size must be greater than 0.'),
  'http-restricted-api': (text) => readRestriction('http-restricted-api', text),
  'grpc-infer-thread-count': (text) =>
    mustBe(
      readInteger(text) >= 2 && readInteger(text) <= 128,
      'invalid argument for --grpc_infer_thread_count. Must be in the range 2 to 128.',
    ),
  'grpc-max-response-pool-size': (text) =>
    mustBe(readInteger(text) > 0, 'Error: --grpc-max-response-pool-size must be greater than 0.'),
  'grpc-infer-response-compression-level': (text) =>
    mustBe(
      ['none', 'low', 'medium', 'high'].includes(text.toLowerCase()),
      'invalid argument for --grpc_infer_response_compression_level',
    ),
  'grpc-restricted-protocol': (text) => readRestriction('grpc-restricted-protocol', text),
  'metrics-config': readMetricsConfig,
  'trace-config': readTraceConfig,
  'trace-level': readTraceLevel,
  'backend-config': readBackendConfig,
  'cache-config': readCacheConfig,
  'response-cache-byte-size': (text) => readInteger(text, 'int64'),
  'rate-limit': (text) => readChoice('rate-limit', text.toLowerCase(), ['execution_count', 'off']),
  'rate-limit-resource': readRateLimitResource,
  'pinned-memory-pool-byte-size': (text) => readInteger(text, 'int64'),
  'cuda-memory-pool-byte-size': bySize,
  'cuda-virtual-address-size': bySize,
  'host-policy': readHostPolicy,
  'model-load-gpu-limit': (text) => readPair(text, ':', readFloat),
};

const BY_KIND: Partial<Record<Flag['value'], Check>> = {
  boolean: readBoolean,
  integer: readInteger,
  float: readFloat,
};

/** Checks one value of a flag. @throws WrongValue in tritonserver's words. */
export function checkFlagValue(name: FlagName, flag: Flag, text: string): void {
  const check = CHECKS[name] ?? BY_KIND[flag.value];
  check?.(text);
}

const traceWarning = (flagName: string, setting: string): string =>
  `Warning: '--${flagName}' has been deprecated and will be removed in future releases. Please use '--trace-config ${setting} instead.`;

/** What is said of a deprecated flag, by its value. */
export const DEPRECATIONS: Partial<Record<FlagName, (text: string) => string>> = {
  'strict-model-config': () =>
    "Warning: '--strict-model-config' has been deprecated! Please use '--disable-auto-complete-config' instead.",
  'response-cache-byte-size': (text) =>
    "Warning: '--response-cache-byte-size' has been deprecated! This will default to the 'local' cache implementation with the provided byte size for its config. Please use '--cache-config' instead. The equivalent --cache-config CLI args would be: " +
    `'--cache-config=local,size=${readInteger(text, 'int64')}'`,
  'trace-file': () => traceWarning('trace-file', 'triton,file=<filepath>'),
  'trace-level': () => traceWarning('trace-level', 'level=<OFF|TIMESTAMPS|TENSORS>'),
  'trace-rate': () => traceWarning('trace-rate', 'rate=<rate value>'),
  'trace-count': () => traceWarning('trace-count', 'count=<count value>'),
  'trace-log-frequency': () =>
    traceWarning('trace-log-frequency', 'triton,log-frequency=<log frequency value>'),
};
