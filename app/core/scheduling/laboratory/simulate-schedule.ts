import { DynamicBatcher, type BatcherPolicy } from '../dynamic-batcher.ts';
import { EventQueue } from './event-queue.ts';

/** The server that is simulated. Times in milliseconds. */
export interface SimulatedModel {
  readonly policy: BatcherPolicy;
  readonly instanceCount: number;
  /** Answers leave in the order of arrival (`preserve_ordering`). */
  readonly preservesOrdering: boolean;
  /** How long one execution of so many rows takes, of which `busy` instances are running one (itself included). */
  readonly computeMilliseconds: (rows: number, busy: number) => number;
  /** What the server's one thread spends on taking a request in, and on sending its answer. */
  readonly ingestMilliseconds: number;
  readonly answerMilliseconds: number;
}

/** A request of an open load. */
export interface SimulatedRequest {
  readonly at: number;
  readonly rows: number;
  readonly priority?: number;
  readonly timeoutMicroseconds?: number;
}

/** Who asks: at given times whatever happens, or so many clients that each wait for their answer before asking again. */
export type SimulatedLoad =
  | { readonly kind: 'open'; readonly requests: readonly SimulatedRequest[] }
  | {
      readonly kind: 'closed';
      readonly concurrency: number;
      readonly rows: number;
      /** Requests in all. */
      readonly count: number;
      /** Between an answer and the client's next request. */
      readonly thinkMilliseconds: number;
    };

/** What became of a request. */
export interface SimulatedOutcome {
  readonly request: SimulatedRequest;
  readonly outcome: 'answered' | 'refused' | 'expired';
  /** When it reached the scheduler. */
  readonly enqueuedAt: number;
  /** When its execution began; null if it never ran. */
  readonly startedAt: number | null;
  readonly answeredAt: number;
}

/** One execution of the model. */
export interface SimulatedExecution {
  readonly instance: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly rows: number;
  readonly requestCount: number;
}

/** What the simulation saw. */
export interface SimulatedSchedule {
  /** In the order in which they were sent. */
  readonly outcomes: readonly SimulatedOutcome[];
  readonly executions: readonly SimulatedExecution[];
}

interface Ticket {
  readonly request: SimulatedRequest;
  enqueuedAt: number;
  startedAt: number | null;
  outcome: SimulatedOutcome['outcome'] | null;
  answeredAt: number;
}

type Event =
  | { readonly kind: 'sent'; readonly ticket: Ticket }
  | { readonly kind: 'enqueued'; readonly ticket: Ticket }
  | { readonly kind: 'decide' }
  | { readonly kind: 'executed'; readonly instance: number; readonly tickets: readonly Ticket[] };

/** A discrete-event simulation of one model's schedule, deciding as the server does. */
class Simulation {
  readonly #model: SimulatedModel;
  readonly #load: SimulatedLoad;
  readonly #batcher: DynamicBatcher<Ticket>;
  readonly #events = new EventQueue<Event>();
  readonly #tickets: Ticket[] = [];
  readonly #executions: SimulatedExecution[] = [];
  #now = 0;
  /** Until then the server's thread is at work. */
  #threadFreeAt = 0;
  #busy = 0;
  #nextInOrder = 0;
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(model: SimulatedModel, load: SimulatedLoad) {
    this.#model = model;
    this.#load = load;
    this.#batcher = new DynamicBatcher(model.policy, () => true);
  }

  run(): SimulatedSchedule {
    const { instanceCount } = this.#model;
    for (let instance = 0; instance < instanceCount; instance += 1) this.#batcher.instanceIdle(instance);
    this.#begin();
    for (let next = this.#events.pop(); next; next = this.#events.pop()) {
      this.#now = next.at;
      this.#handle(next.event);
    }
    const outcomes = this.#tickets.map(
      ({ request, enqueuedAt, startedAt, outcome, answeredAt }): SimulatedOutcome => ({
        request,
        outcome: outcome ?? 'refused',
        enqueuedAt,
        startedAt,
        answeredAt,
      }),
    );
    return { outcomes, executions: this.#executions };
  }

  #begin(): void {
    const load = this.#load;
    if (load.kind === 'open') for (const request of load.requests) this.#send(request);
    else {
      for (let client = 0; client < Math.min(load.concurrency, load.count); client += 1) {
        this.#send({ at: 0, rows: load.rows });
      }
    }
  }

  #send(request: SimulatedRequest): void {
    const ticket = { request, enqueuedAt: 0, startedAt: null, outcome: null, answeredAt: 0 };
    this.#tickets.push(ticket);
    this.#events.push(request.at, { kind: 'sent', ticket });
  }

  /** The server's thread does one thing after the other. */
  #occupyThread(milliseconds: number): number {
    this.#threadFreeAt = Math.max(this.#now, this.#threadFreeAt) + milliseconds;
    return this.#threadFreeAt;
  }

  #handle(event: Event): void {
    switch (event.kind) {
      case 'sent':
        this.#events.push(this.#occupyThread(this.#model.ingestMilliseconds), {
          kind: 'enqueued',
          ticket: event.ticket,
        });
        return;
      case 'enqueued':
        this.#enqueue(event.ticket);
        return;
      case 'executed':
        this.#busy -= 1;
        this.#batcher.instanceIdle(event.instance);
        this.#decide();
        for (const ticket of event.tickets) this.#settle(ticket, 'answered');
        return;
      case 'decide':
        this.#wakesAt = Number.POSITIVE_INFINITY;
        this.#decide();
        return;
    }
  }

  #enqueue(ticket: Ticket): void {
    const { rows, priority = 0, timeoutMicroseconds = 0 } = ticket.request;
    ticket.enqueuedAt = this.#now;
    const queued = this.#batcher.enqueue({ work: ticket, rows, priority, timeoutMicroseconds }, this.#now);
    if (queued) this.#decide();
    else this.#settle(ticket, 'refused');
  }

  #decide(): void {
    const { starts, expired, decideAgainAt } = this.#batcher.decide(this.#now);
    for (const { instance, works } of starts) this.#execute(instance, works);
    for (const ticket of expired) this.#settle(ticket, 'expired');
    if (decideAgainAt === null || decideAgainAt >= this.#wakesAt) return;
    this.#wakesAt = decideAgainAt;
    this.#events.push(Math.max(this.#now, decideAgainAt), { kind: 'decide' });
  }

  #execute(instance: number, tickets: readonly Ticket[]): void {
    this.#busy += 1;
    const rows = tickets.reduce((total, { request }) => total + request.rows, 0);
    const startedAt = this.#now;
    const endedAt = startedAt + this.#model.computeMilliseconds(rows, this.#busy);
    for (const ticket of tickets) ticket.startedAt = startedAt;
    this.#executions.push({ instance, startedAt, endedAt, rows, requestCount: tickets.length });
    this.#events.push(endedAt, { kind: 'executed', instance, tickets });
  }

  #settle(ticket: Ticket, outcome: SimulatedOutcome['outcome']): void {
    ticket.outcome = outcome;
    if (!this.#model.preservesOrdering) this.#answer(ticket);
    else this.#answerInOrder();
  }

  #answerInOrder(): void {
    for (;;) {
      const next = this.#tickets[this.#nextInOrder];
      if (!next || next.outcome === null) return;
      this.#nextInOrder += 1;
      this.#answer(next);
    }
  }

  #answer(ticket: Ticket): void {
    ticket.answeredAt = this.#occupyThread(this.#model.answerMilliseconds);
    const load = this.#load;
    if (load.kind === 'open' || this.#tickets.length >= load.count) return;
    this.#send({ at: ticket.answeredAt + load.thinkMilliseconds, rows: load.rows });
  }
}

/** Runs the load through the model's scheduler until every request is answered, refused or expired. */
export function simulateSchedule(model: SimulatedModel, load: SimulatedLoad): SimulatedSchedule {
  return new Simulation(model, load).run();
}
