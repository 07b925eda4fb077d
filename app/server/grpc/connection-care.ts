import { constants, type ServerHttp2Session } from 'node:http2';
import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';

/** How connections are kept and ended: gRPC's channel arguments of the same names, in milliseconds. */
export interface ConnectionOptions {
  readonly keepaliveMilliseconds: number;
  readonly keepaliveTimeoutMilliseconds: number;
  readonly keepalivePermitWithoutCalls: boolean;
  readonly maxPingsWithoutData: number;
  readonly minRecvPingIntervalMilliseconds: number;
  readonly maxPingStrikes: number;
  /** 0: as long as the client likes. */
  readonly maxConnectionAgeMilliseconds: number;
  /** 0: without limit. */
  readonly maxConnectionAgeGraceMilliseconds: number;
}

/** Pings of a connection without calls may not come more often, whatever the options say (as in gRPC's library). */
const IDLE_PING_INTERVAL_MILLISECONDS = 7_200_000;
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** Looks after one connection: pings it, ends it when it is too old, refuses too many pings of the client. */
export class ConnectionCare {
  readonly #session: ServerHttp2Session;
  readonly #options: ConnectionOptions;
  #calls = 0;
  #strikes = 0;
  #pingsWithoutData = 0;
  #lastPingAt = Number.NEGATIVE_INFINITY;
  #keepalive: NodeJS.Timeout | null = null;
  #age: NodeJS.Timeout | null = null;

  constructor(session: ServerHttp2Session, options: ConnectionOptions) {
    this.#session = session;
    this.#options = options;
    session.on('ping', () => this.#pinged());
    session.once('close', () => this.#stop());
    this.#pingLater();
    const { maxConnectionAgeMilliseconds } = options;
    if (maxConnectionAgeMilliseconds > 0)
      this.#age = this.#after(maxConnectionAgeMilliseconds, () => this.#grow());
  }

  #after(milliseconds: number, action: () => void): NodeJS.Timeout {
    return startTimer(action, Math.min(milliseconds, MAX_TIMER_MILLISECONDS)).unref();
  }

  /** A call has begun. */
  begin(): void {
    this.#calls += 1;
  }

  /** A call is over. */
  end(): void {
    this.#calls -= 1;
  }

  /** Something is sent to the client. */
  sent(): void {
    this.#strikes = 0;
    this.#pingsWithoutData = 0;
    this.#lastPingAt = Number.NEGATIVE_INFINITY;
  }

  #pinged(): void {
    const { maxPingStrikes, minRecvPingIntervalMilliseconds, keepalivePermitWithoutCalls } = this.#options;
    const isIdle = this.#calls === 0 && !keepalivePermitWithoutCalls;
    const interval = isIdle ? IDLE_PING_INTERVAL_MILLISECONDS : minRecvPingIntervalMilliseconds;
    const now = performance.now();
    if (now - this.#lastPingAt < interval) this.#strikes += 1;
    this.#lastPingAt = now;
    if (maxPingStrikes === 0 || this.#strikes <= maxPingStrikes) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
    this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #pingLater(): void {
    this.#keepalive = this.#after(this.#options.keepaliveMilliseconds, () => this.#ping());
  }

  #ping(): void {
    const { keepalivePermitWithoutCalls, maxPingsWithoutData, keepaliveTimeoutMilliseconds } = this.#options;
    const mayPing =
      (this.#calls > 0 || keepalivePermitWithoutCalls) &&
      (maxPingsWithoutData === 0 || this.#pingsWithoutData < maxPingsWithoutData);
    if (!mayPing || this.#session.destroyed) {
      this.#pingLater();
      return;
    }
    this.#pingsWithoutData += 1;
    const timer = this.#after(keepaliveTimeoutMilliseconds, () => this.#session.destroy());
    this.#session.ping(() => {
      clearTimeout(timer);
      if (!this.#session.destroyed) this.#pingLater();
    });
  }

  /** Old enough: no new calls; those that run get the grace. */
  #grow(): void {
    const { maxConnectionAgeGraceMilliseconds } = this.#options;
    this.#session.close();
    if (maxConnectionAgeGraceMilliseconds > 0) {
      this.#age = this.#after(maxConnectionAgeGraceMilliseconds, () => this.#session.destroy());
    }
  }

  #stop(): void {
    if (this.#keepalive) clearTimeout(this.#keepalive);
    if (this.#age) clearTimeout(this.#age);
  }
}
