import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is turned away: the status and a sentence for the person in front of the browser. */
export interface Refusal {
  readonly status: 400 | 401 | 403;
  readonly sentence: string;
}

/** Names under which a browser on this machine (or through an SSH tunnel) reaches us. */
const LOOPBACK_NAMES = ['127.0.0.1', '[::1]', 'localhost'];

function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function countHeader(request: IncomingMessage, name: string): number {
  return request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}

function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/**
 * Decides who may talk to the headless shell. A web page elsewhere cannot: its Host (DNS rebinding) or its Origin is
 * wrong. Another user of the machine cannot: the port is open to him, the token is not.
 */
export class AccessGuard {
  /** The secret of the first URL. Never written anywhere but to the terminal of the person who started us. */
  readonly token = randomBytes(24).toString('base64url');
  readonly #session = randomBytes(24).toString('base64url');
  readonly #tickets = new Set<string>();
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Cookies ignore ports, so two Conches need two names. */
  get #cookieName(): string {
    return `conch-${this.#port}`;
  }

  /** `Set-Cookie` for a browser that showed the token. */
  get setCookie(): string {
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Null where the request names us by a loopback name with our port, and comes from no other site. */
  checkAddress(request: IncomingMessage): Refusal | null {
    if (countHeader(request, 'host') !== 1) {
      return { status: 400, sentence: 'A request must name exactly one host.' };
    }
    const host = request.headers.host?.toLowerCase() ?? '';
    if (!LOOPBACK_NAMES.some((name) => host === `${name}:${this.#port}`)) {
      return {
        status: 403,
        sentence: `Conch answers only to 127.0.0.1:${this.#port} and localhost:${this.#port}. Through SSH, forward the same port.`,
      };
    }
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`) {
      return { status: 403, sentence: 'Another site may not talk to Conch.' };
    }
    return null;
  }

  /** A WebSocket is not held back by the same-origin policy, so its Origin must be there and be ours. */
  checkUpgrade(request: IncomingMessage): Refusal | null {
    if (request.headers.origin === undefined) {
      return { status: 403, sentence: 'A WebSocket must come from the page.' };
    }
    return this.checkAddress(request) ?? this.checkSession(request);
  }

  /** A token for one use: what stands in a command line is there for every user of the machine to read. */
  issueTicket(): string {
    const ticket = randomBytes(24).toString('base64url');
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Whether the token, or a ticket that is now used up, was given. */
  admits(given: string): boolean {
    return this.#tickets.delete(given) || isSameSecret(given, this.token);
  }

  /** Null where the browser has shown the token before. */
  checkSession(request: IncomingMessage): Refusal | null {
    const cookie = readCookie(request, this.#cookieName);
    if (cookie !== undefined && isSameSecret(cookie, this.#session)) return null;
    return {
      status: 401,
      sentence: 'Open the address that Conch printed in the terminal: it carries the key to this page.',
    };
  }
}
