// Judges every frame of the gateway against the published protocol schema and our own shapes.
// It never throws while frames pass: it collects violations, and the suite asks for them.
import Ajv from 'ajv';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const VIOLATIONS_MAX = 200;
const ERROR_CODES = new Set(['INVALID_REQUEST', 'FORBIDDEN', 'UNAVAILABLE', 'NOT_PAIRED', 'APPROVAL_NOT_FOUND']);
const STATE_VERSIONED = new Set(['presence', 'health']);
// Sent to one connection outside the numbered stream.
const UNNUMBERED = new Set(['connect.challenge']);

// Every schema by name: the published one as "protocol", ours by the name of its file.
export function loadSchemas(shapesFolder) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const location = new URL('../protocol.schema.json', import.meta.resolve('@openclaw/gateway-protocol'));
  const published = JSON.parse(readFileSync(location, 'utf8'));
  ajv.addSchema({ $id: 'protocol', definitions: published.definitions });
  for (const name of readdirSync(shapesFolder)) {
    ajv.addSchema(JSON.parse(readFileSync(path.join(shapesFolder, name), 'utf8')));
  }
  return {
    methods: new Set(Object.keys(published.methods)),
    validator(reference) {
      const found = ajv.getSchema(reference);
      if (!found) {
        throw new Error(`there is no schema ${reference}`);
      }
      return found;
    },
  };
}

const FRAMES = {
  response: 'protocol#/definitions/ResponseFrame',
  event: 'protocol#/definitions/EventFrame',
};

// Every schema that a map names. Rules that depend on the payload are asked with each kind there is.
export function named(map) {
  const rules = [map.events, map.methods, map.errorDetails].flatMap(Object.values);
  const asked = rules.flatMap((rule) =>
    typeof rule === 'function' ? [rule({ status: 'accepted', kind: 'delta' }), rule({})] : [rule],
  );
  return new Set(asked.flatMap(({ schemas, beyond }) => (beyond ? [...schemas, beyond] : schemas)));
}

const shortened = (value) => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
};

export class Judge {
  violations = [];
  // "method chat.send", "event chat", … -> how many were judged.
  counts = new Map();

  // `map`: see tests/conformance/protocol_map.mjs. Compiles what it names, which takes a second: done
  // later, it would hold up the client that shares this event loop.
  constructor(schemas, map) {
    this.schemas = schemas;
    this.map = map;
    [FRAMES.response, FRAMES.event, ...named(map)].forEach((reference) => schemas.validator(reference));
  }

  connection() {
    return new Watch(this);
  }

  count(what) {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  violation(where, what, value) {
    if (this.violations.length < VIOLATIONS_MAX) {
      this.violations.push(`${where}: ${what}\n    in ${shortened(value)}`);
    }
  }

  // `rule`: {schemas: [reference…], beyond?: reference, newer?: [[outer, inner]…]}. With `beyond`, the
  // properties that it names are checked by it and hidden from the others, whose definitions are
  // closed. `newer` are inner properties that the published schema does not have yet; our own must.
  payload(where, rule, payload) {
    let visible = payload;
    for (const [outer, inner] of rule.newer ?? []) {
      if (visible?.[outer] && inner in visible[outer]) {
        const { [inner]: _hidden, ...rest } = visible[outer];
        visible = { ...visible, [outer]: rest };
      }
    }
    const references = [...rule.schemas];
    if (rule.beyond && payload && typeof payload === 'object') {
      const extra = this.schemas.validator(rule.beyond);
      const names = Object.keys(extra.schema.properties);
      const cut = Object.entries(visible);
      visible = Object.fromEntries(cut.filter(([name]) => !names.includes(name)));
      this.#check(where, rule.beyond, Object.fromEntries(cut.filter(([name]) => names.includes(name))));
    }
    for (const reference of references) {
      this.#check(where, reference, reference.startsWith('protocol#') ? visible : payload);
    }
  }

  #check(where, reference, value) {
    const validate = this.schemas.validator(reference);
    if (validate(value)) {
      return;
    }
    // The branches of an anyOf that were not meant say nothing useful when there are many.
    const errors = validate.errors.slice(0, 8);
    const text = errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`).join('; ');
    this.violation(where, `violates ${reference}: ${text}`, value);
  }
}

// One connection: which request each answer belongs to, and the order of events.
class Watch {
  #judge;
  #pending = new Map();
  #lastSeq = 0;
  #runSeq = new Map();

  constructor(judge) {
    this.#judge = judge;
  }

  opened(extensions) {
    if (extensions) {
      this.#judge.violation('handshake', 'a WebSocket extension was negotiated', extensions);
    }
  }

  request(text) {
    try {
      const { id, method } = JSON.parse(text);
      if (typeof id === 'string' && typeof method === 'string') {
        this.#pending.set(id, method);
      }
    } catch {
      // Junk on purpose; the answer is judged as an answer to "invalid".
    }
  }

  answer(text, binary) {
    const judge = this.#judge;
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      judge.violation('frame', 'is not JSON', text);
      return;
    }
    if (binary) {
      judge.violation('frame', 'is binary', text);
    }
    if (frame.type === 'event') {
      this.#event(frame);
    } else {
      this.#response(frame);
    }
  }

  #response(frame) {
    const judge = this.#judge;
    judge.payload('response frame', { schemas: [FRAMES.response] }, frame);
    const method = this.#pending.get(frame.id);
    if (!frame.ok) {
      this.#refusal(method ?? 'invalid frame', frame);
      return;
    }
    if (!method) {
      judge.violation('response', 'answers no request', frame);
      return;
    }
    const rule = judge.map.methods[method];
    if (!rule) {
      judge.violation(`method ${method}`, 'is answered but not in protocol_map.mjs', frame);
      return;
    }
    judge.count(`method ${method}`);
    judge.payload(`result of ${method}`, typeof rule === 'function' ? rule(frame.payload) : rule, frame.payload);
    if (method === 'connect') {
      this.#hello(frame.payload);
    }
  }

  #refusal(method, frame) {
    this.#judge.count(`refusal ${method}`);
    if (!frame.error || !ERROR_CODES.has(frame.error.code)) {
      this.#judge.violation(`refusal of ${method}`, 'has no known error code', frame);
      return;
    }
    if (frame.error.retryable && frame.error.retryAfterMs === undefined && frame.error.code === 'UNAVAILABLE') {
      this.#judge.violation(`refusal of ${method}`, 'is retryable but says not when', frame);
    }
    const details = this.#judge.map.errorDetails[frame.error.details?.code];
    if (details) {
      this.#judge.payload(`details of ${method}'s refusal`, details, frame.error.details);
    }
  }

  #hello(hello) {
    const { methods, events } = this.#judge.map;
    for (const method of hello?.features?.methods ?? []) {
      if (!methods[method]) {
        this.#judge.violation('hello-ok', `advertises the method ${method}, which is not in protocol_map.mjs`, method);
      }
    }
    for (const event of hello?.features?.events ?? []) {
      if (!events[event]) {
        this.#judge.violation('hello-ok', `advertises the event ${event}, which is not in protocol_map.mjs`, event);
      }
    }
    this.#judge.lastHello = hello;
  }

  #event(frame) {
    const judge = this.#judge;
    judge.payload('event frame', { schemas: [FRAMES.event] }, frame);
    const rule = judge.map.events[frame.event];
    if (!rule) {
      judge.violation(`event ${frame.event}`, 'is sent but not in protocol_map.mjs', frame);
      return;
    }
    judge.count(`event ${frame.event}`);
    judge.payload(`event ${frame.event}`, rule, frame.payload);
    this.#order(frame);
    if (STATE_VERSIONED.has(frame.event) && !frame.stateVersion) {
      judge.violation(`event ${frame.event}`, 'carries no stateVersion', frame);
    }
  }

  #order(frame) {
    const judge = this.#judge;
    if (UNNUMBERED.has(frame.event)) {
      if (frame.seq !== undefined) {
        judge.violation(`event ${frame.event}`, 'carries a seq', frame);
      }
      return;
    }
    if (frame.seq !== this.#lastSeq + 1) {
      judge.violation(`event ${frame.event}`, `seq ${frame.seq} follows ${this.#lastSeq}`, frame);
    }
    this.#lastSeq = frame.seq ?? this.#lastSeq;
    const { runId, seq } = frame.payload ?? {};
    if ((frame.event === 'chat' || frame.event === 'agent') && runId) {
      const key = `${frame.event} ${runId}`;
      const last = this.#runSeq.get(key) ?? 0;
      // A final may repeat the number of the last delta.
      if (seq < last) {
        judge.violation(`event ${frame.event}`, `run seq ${seq} follows ${last}`, frame);
      }
      this.#runSeq.set(key, seq);
    }
  }
}
