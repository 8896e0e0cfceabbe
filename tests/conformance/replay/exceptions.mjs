// Where our gateway is unlike the recorded one, and why that is so: one member of one method's answer a
// line, "method<TAB>path<TAB>reason". They never cover an error, the order of events or what a client
// may rely on.
import { readFileSync } from 'node:fs';

export const EXCEPTIONS_MAX = 25;
const FIELD_KINDS = new Set(['missing', 'unknown', 'type', 'word']);

export class Exceptions {
  #list;
  #used = new Set();

  // `required(method, path)`: whether a schema says that the member must be there.
  constructor(text, required) {
    this.#list = text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => {
        const [method, path, reason] = line.split('\t');
        return { method, path, reason };
      });
    this.faults = [
      ...(this.#list.length > EXCEPTIONS_MAX ? [`${this.#list.length} exceptions, at most ${EXCEPTIONS_MAX} may be`] : []),
      ...this.#list.flatMap((one) => faultsOf(one, required)),
    ];
  }

  static read(file, required) {
    return new Exceptions(readFileSync(file, 'utf8'), required);
  }

  get count() {
    return this.#list.length;
  }

  // Whether an exception covers a difference: {method, kind, path}.
  cover({ method, kind, path }) {
    const found = FIELD_KINDS.has(kind) && this.#list.find((one) => one.method === method && isWithin(path, one.path));
    if (found) {
      this.#used.add(found);
    }
    return Boolean(found);
  }

  // Those that cover nothing any more.
  get stale() {
    return this.#list.filter((one) => !this.#used.has(one)).map(({ method, path }) => `${method} ${path}`);
  }
}

const isWithin = (path, outer) => path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[]`);

function faultsOf({ method, path, reason }, required) {
  const name = `${method} ${path}`;
  return [
    ...(method && path ? [] : [`"${name}" names no member of a method`]),
    ...(reason?.trim().length >= 10 ? [] : [`${name} has no reason`]),
    ...(path && required(method, path) ? [`${name} is required by the protocol`] : []),
  ];
}
