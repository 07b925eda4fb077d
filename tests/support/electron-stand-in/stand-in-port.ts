import { EventEmitter } from 'node:events';

/** Electron's MessagePortMain: messages wait until somebody starts it. */
export class StandInPort extends EventEmitter {
  readonly #waiting: unknown[] = [];
  readonly #send: (data: unknown) => void;
  #isStarted = false;

  constructor(send: (data: unknown) => void) {
    super();
    this.#send = send;
  }

  postMessage(data: unknown): void {
    // A real port clones, and so makes plain bytes of a Node Buffer.
    this.#send(structuredClone(data));
  }

  start(): void {
    this.#isStarted = true;
    for (const data of this.#waiting.splice(0)) this.emit('message', { data, ports: [] });
  }

  close(): void {
    this.emit('close');
  }

  /** A message from the page. */
  receive(data: unknown): void {
    if (this.#isStarted) this.emit('message', { data, ports: [] });
    else this.#waiting.push(data);
  }
}
