import { MalformedFile } from '../malformed-file.ts';
import { textOf, type PickleNode } from './pickle-node.ts';

/** What a pickle says. */
export interface PickleScan {
  /** What it would build; null where its end was not reached. */
  readonly root: PickleNode | null;
  /** Full names of every class and function that it names, in order of appearance. */
  readonly globals: readonly string[];
  /** What it wants from whoever reads it (PyTorch: storages of tensors), in order of appearance. */
  readonly persistent: readonly PickleNode[];
  /** Offset behind its last byte that was understood. */
  readonly end: number;
  /** Why it was not read to its end. */
  readonly problem?: string;
}

const MAX_OPCODES = 20_000_000;
const MAX_STACK = 500_000;
const NULL_NODE: PickleNode = { kind: 'value', value: null };
const COMPUTED_NAME = 'a name that is computed';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads one pickle of any protocol from `start` without executing anything: a machine that only stacks inert nodes.
 * Never throws: bad opcodes, bad stacks and cut files end in {@link PickleScan.problem}.
 */
export function scanPickle(bytes: Uint8Array, start = 0): PickleScan {
  const machine = new PickleMachine(bytes, start);
  try {
    const root = machine.run();
    return { root, globals: [...machine.globals], persistent: machine.persistent, end: machine.at };
  } catch (cause) {
    if (!(cause instanceof MalformedFile)) throw cause;
    const { globals, persistent, at: end } = machine;
    return { root: null, globals: [...globals], persistent, end, problem: cause.message };
  }
}

class PickleMachine {
  readonly globals = new Set<string>();
  readonly persistent: PickleNode[] = [];
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: PickleNode[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleNode>();

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  run(): PickleNode {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const place = this.at;
      const opcode = this.#bytes[this.#skip(1)] ?? 0;
      if (opcode === 0x2e) return this.#pop();
      if (!this.#step(opcode)) throw new MalformedFile(`${opcode} is no pickle opcode`, place);
      if (this.#stack.length > MAX_STACK || this.#marks.length > MAX_STACK)
        throw new MalformedFile('the pickle stacks too much', place);
    }
    throw new MalformedFile(`the pickle has more than ${MAX_OPCODES} opcodes`, this.at);
  }

  /** One opcode; false where there is none of this number. */
  #step(opcode: number): boolean {
    return this.#constant(opcode) || this.#container(opcode) || this.#object(opcode) || this.#memory(opcode);
  }

  #constant(opcode: number): boolean {
    switch (opcode) {
      case 0x4e: // NONE
        return this.#push(NULL_NODE);
      case 0x88: // NEWTRUE
        return this.#value(true);
      case 0x89: // NEWFALSE
        return this.#value(false);
      case 0x4a: // BININT
        return this.#value(this.#view.getInt32(this.#skip(4), true));
      case 0x4b: // BININT1
        return this.#value(this.#view.getUint8(this.#skip(1)));
      case 0x4d: // BININT2
        return this.#value(this.#view.getUint16(this.#skip(2), true));
      case 0x47: // BINFLOAT
        return this.#push({
          kind: 'value',
          value: this.#view.getFloat64(this.#skip(8), false),
          isFloat: true,
        });
      case 0x49: // INT
      case 0x4c: // LONG
      case 0x46: // FLOAT
        return this.#value(Number.parseFloat(this.#line()));
      case 0x8a: // LONG1
        return this.#long(this.#view.getUint8(this.#skip(1)));
      case 0x8b: // LONG4
        return this.#long(this.#view.getUint32(this.#skip(4), true));
      case 0x53: // STRING
        return this.#value(this.#line().replace(/^(['"])(.*)\1$/s, '$2'));
      case 0x56: // UNICODE
        return this.#value(this.#line());
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING
        return this.#value(this.#text(this.#view.getUint32(this.#skip(4), true)));
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        return this.#value(this.#text(this.#view.getUint8(this.#skip(1))));
      case 0x8d: // BINUNICODE8
        return this.#value(this.#text(this.#size8()));
      case 0x43: // SHORT_BINBYTES
        return this.#blob(this.#view.getUint8(this.#skip(1)));
      case 0x42: // BINBYTES
        return this.#blob(this.#view.getUint32(this.#skip(4), true));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#blob(this.#size8());
      default:
        return false;
    }
  }

  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x29: // EMPTY_TUPLE
        return this.#push({ kind: 'tuple', items: [] });
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push({ kind: 'tuple', items: this.#popMany(opcode - 0x84) });
      case 0x74: // TUPLE
        return this.#push({ kind: 'tuple', items: this.#popToMark() });
      case 0x5d: // EMPTY_LIST
        return this.#push({ kind: 'list', items: [] });
      case 0x6c: // LIST
        return this.#push({ kind: 'list', items: this.#popToMark() });
      case 0x8f: // EMPTY_SET
        return this.#push({ kind: 'set', items: [] });
      case 0x91: // FROZENSET
        return this.#push({ kind: 'set', items: this.#popToMark() });
      case 0x7d: // EMPTY_DICT
        return this.#push({ kind: 'dict', entries: [] });
      case 0x64: // DICT
        return this.#push({ kind: 'dict', entries: pairs(this.#popToMark()) });
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      default:
        return false;
    }
  }

  #object(opcode: number): boolean {
    switch (opcode) {
      case 0x63: // GLOBAL
        return this.#global(this.#line(), this.#line());
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#global(textOf(module), textOf(name));
      }
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        return this.#global('copyreg extension', String(this.#skip(2 ** (opcode - 0x82))));
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee = NULL_NODE, args = NULL_NODE] = this.#popMany(2);
        return this.#call(callee, args);
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callee = NULL_NODE, args = NULL_NODE, named = NULL_NODE] = this.#popMany(3);
        return this.#call(callee, { kind: 'tuple', items: [args, named] });
      }
      case 0x69: {
        // INST
        this.#global(this.#line(), this.#line());
        const callee = this.#pop();
        return this.#call(callee, { kind: 'tuple', items: this.#popToMark() });
      }
      case 0x6f: {
        // OBJ
        const [callee = NULL_NODE, ...args] = this.#popToMark();
        return this.#call(callee, { kind: 'tuple', items: args });
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        const target = this.#top();
        if (target.kind === 'call') target.state = state;
        return true;
      }
      case 0x50: // PERSID
        return this.#persist({ kind: 'value', value: this.#line() });
      case 0x51: // BINPERSID
        return this.#persist(this.#pop());
      default:
        return false;
    }
  }

  #memory(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#skip(1);
        return true;
      case 0x95: // FRAME
        this.#skip(8);
        return true;
      case 0x30: // POP
        if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
        else this.#pop();
        return true;
      case 0x31: // POP_MARK
        this.#popToMark();
        return true;
      case 0x32: // DUP
        return this.#push(this.#top());
      case 0x70: // PUT
        return this.#remember(Number(this.#line()));
      case 0x71: // BINPUT
        return this.#remember(this.#view.getUint8(this.#skip(1)));
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#view.getUint32(this.#skip(4), true));
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x67: // GET
        return this.#recall(Number(this.#line()));
      case 0x68: // BINGET
        return this.#recall(this.#view.getUint8(this.#skip(1)));
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#view.getUint32(this.#skip(4), true));
      case 0x97: // NEXT_BUFFER
        return this.#push({ kind: 'bytes', length: 0 });
      case 0x98: // READONLY_BUFFER
        return true;
      default:
        return false;
    }
  }

  #push(node: PickleNode): true {
    this.#stack.push(node);
    return true;
  }

  #persist(id: PickleNode): true {
    this.persistent.push(id);
    return this.#push({ kind: 'persistent', id });
  }

  #value(value: null | boolean | number | bigint | string): true {
    return this.#push({ kind: 'value', value });
  }

  #top(): PickleNode {
    const top = this.#stack.at(-1);
    if (top === undefined) throw new MalformedFile('the pickle takes from an empty stack', this.at);
    return top;
  }

  #pop(): PickleNode {
    const top = this.#top();
    this.#stack.pop();
    return top;
  }

  #popMany(count: number): PickleNode[] {
    if (this.#stack.length < count) throw new MalformedFile('the pickle takes from an empty stack', this.at);
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popToMark(): PickleNode[] {
    const mark = this.#marks.pop();
    if (mark === undefined || mark > this.#stack.length)
      throw new MalformedFile('the pickle misses a mark', this.at);
    return this.#stack.splice(mark);
  }

  #append(items: readonly PickleNode[]): true {
    const target = this.#top();
    if (target.kind === 'list' || target.kind === 'set' || target.kind === 'call')
      for (const item of items) target.items.push(item);
    return true;
  }

  #setItems(items: readonly PickleNode[]): true {
    const target = this.#top();
    if (target.kind === 'dict' || target.kind === 'call')
      for (const pair of pairs(items)) target.entries.push(pair);
    return true;
  }

  #global(module: string | undefined, name: string | undefined): true {
    const full = module === undefined || name === undefined ? COMPUTED_NAME : `${module}.${name}`;
    this.globals.add(full);
    return this.#push({ kind: 'global', name: full });
  }

  #call(callee: PickleNode, args: PickleNode): true {
    return this.#push({ kind: 'call', callee, arguments: args, items: [], entries: [] });
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): true {
    const node = this.#memo.get(index);
    if (node === undefined)
      throw new MalformedFile(`the pickle recalls ${index}, which it never stored`, this.at);
    return this.#push(node);
  }

  /** Steps over bytes and gives where they began. */
  #skip(length: number): number {
    const start = this.at;
    if (length > this.#bytes.byteLength - start) throw new MalformedFile('the pickle ends here', start);
    this.at += length;
    return start;
  }

  #size8(): number {
    const size = this.#view.getBigUint64(this.#skip(8), true);
    if (size > BigInt(this.#bytes.byteLength))
      throw new MalformedFile(`the pickle declares a text of ${size} bytes`, this.at);
    return Number(size);
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return decoder.decode(this.#bytes.subarray(start, start + Math.min(length, 65_536)));
  }

  #blob(length: number): true {
    this.#skip(length);
    return this.#push({ kind: 'bytes', length });
  }

  #long(length: number): true {
    const start = this.#skip(length);
    if (length > 16) return this.#push({ kind: 'bytes', length });
    let value = 0n;
    for (let index = length - 1; index >= 0; index--)
      value = (value << 8n) | BigInt(this.#bytes[start + index] ?? 0);
    return this.#value(BigInt.asIntN(8 * Math.max(length, 1), value));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new MalformedFile('the pickle ends in a line', this.at);
    const start = this.#skip(end + 1 - this.at);
    return decoder.decode(this.#bytes.subarray(start, Math.min(end, start + 65_536)));
  }
}

function pairs(items: readonly PickleNode[]): [PickleNode, PickleNode][] {
  const result: [PickleNode, PickleNode][] = [];
  for (let index = 0; index + 1 < items.length; index += 2)
    result.push([items[index] ?? NULL_NODE, items[index + 1] ?? NULL_NODE]);
  return result;
}
