interface Entry<Event> {
  readonly at: number;
  /** Events of the same time come out in the order in which they were put in. */
  readonly order: number;
  readonly event: Event;
}

function isBefore<Event>(left: Entry<Event>, right: Entry<Event>): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** Events by their time: a binary heap. */
export class EventQueue<Event> {
  readonly #heap: Entry<Event>[] = [];
  #count = 0;

  push(at: number, event: Event): void {
    const heap = this.#heap;
    const entry = { at, order: this.#count, event };
    this.#count += 1;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the earliest event out. */
  pop(): { readonly at: number; readonly event: Event } | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === last || !last) return first;
    let index = 0;
    for (;;) {
      const child = this.#earlierChild(index);
      const below = heap[child];
      if (!below || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }

  #earlierChild(index: number): number {
    const left = this.#heap[2 * index + 1];
    const right = this.#heap[2 * index + 2];
    return left && right && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
  }
}
