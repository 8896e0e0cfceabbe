// What of a played scenario is unlike the recorded one: answers by shape, a few facts, errors and
// details, closes, and the order of what each request caused.
import { readFileSync } from 'node:fs';

import { SchemaWalk } from './schema_walk.mjs';
import { Comparison } from './shape.mjs';
import { RUNS, precedence, storyDifferences } from './story.mjs';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}/g;
const told = (value) => JSON.stringify(value)?.replaceAll(ID, '<id>');

// The published protocol and our own shapes, as `protocol_map.mjs` assigns them to methods.
export class Protocol {
  #walk;
  #map;

  constructor(documents, map) {
    this.#walk = new SchemaWalk(documents);
    this.#map = map;
  }

  static load(shapesFolder, map) {
    const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
    const published = new URL('../protocol.schema.json', import.meta.resolve('@openclaw/gateway-protocol'));
    const own = ['common', 'events', 'results', 'transcript'].map((name) => [name, read(`${shapesFolder}/${name}.json`)]);
    return new Protocol({ ...Object.fromEntries(own), protocol: read(published) }, map);
  }

  // What is not recorded of `method` may still be a fact: the published schema names it.
  knows(method, path, word) {
    return this.#references(method, 'protocol#').some((reference) =>
      word === undefined ? this.#walk.knows(reference, path) : this.#walk.allowsWord(reference, path, word),
    );
  }

  requires(method, path) {
    return this.#references(method, '').some((reference) => this.#walk.requires(reference, path));
  }

  #references(method, prefix) {
    const rule = this.#map.methods[method];
    const rules = typeof rule === 'function' ? [rule({}), rule({ kind: 'delta' }), rule({ status: 'accepted' })] : [rule ?? { schemas: [] }];
    return [...new Set(rules.flatMap(({ schemas }) => schemas))].filter((reference) => reference.startsWith(prefix));
  }
}

export class Judgement {
  #shapes;
  #protocol;
  #known = new Map();
  #order = new Map();

  // `shapes`: as recorded; `scenarios`: all that were recorded, for what their stories have in common.
  constructor(shapes, scenarios, protocol) {
    this.#shapes = shapes;
    this.#protocol = protocol;
    const whole = scenarios.flatMap((scenario) => scenario.stories.map((story) => ({ ...story, thinned: scenario.thinned })));
    for (const method of new Set(whole.map((story) => story.method))) {
      const mine = whole.filter((story) => story.method === method);
      // Runs keep to one order, whoever started them.
      const alike = RUNS.includes(method) ? whole.filter((story) => RUNS.includes(story.method)) : mine;
      this.#order.set(method, precedence(alike.map(({ tokens }) => tokens)));
      this.#known.set(method, known(mine.filter(({ thinned }) => !thinned)));
    }
  }

  // `played`: {answers, closes, stories} of a Player. Returns [{method, kind, path, what}].
  differences({ answers, closes, stories }, scenario, advertised) {
    return [
      ...answers.flatMap(({ step, method, answer }) => this.#answer(step, method, answer)),
      ...closes.flatMap(closeDifferences),
      ...scenario.stories.flatMap((story) => this.#story(story, stories.get(`${story.conn} ${story.request}`), scenario, advertised)),
    ];
  }

  #answer(step, method, answer) {
    const one = (kind, path, what) => [{ method, kind, path, what }];
    if (!answer) {
      return one('unanswered', '', `no answer to request ${step.answer}`);
    }
    if (step.error) {
      return answer.ok ? one('accepted', '', `was refused: ${told(step.error)}`) : errorDifferences(step.error, answer.error, method);
    }
    if (!step.shape) {
      return [];
    }
    if (!answer.ok) {
      return one('refused', '', told(answer.error));
    }
    const comparison = new Comparison(this.#shapes, (path, word) => this.#protocol.knows(method, path, word));
    const shape = this.#shapes[step.shape];
    const found = shape === undefined ? [] : comparison.differences(shape, answer.payload);
    return [...found.map((difference) => ({ method, ...difference })), ...factDifferences(step.facts ?? {}, answer.payload, method)];
  }

  #story({ method, tokens, subscribed }, ours, { thinned, steps }, advertised) {
    if (!ours) {
      return [];
    }
    const isCommand = steps.some(({ params }) => method === 'chat.send' && params?.message?.startsWith('/'));
    const isEvidence = (token) => this.#known.get(method)[subscribed || !token.startsWith('session') ? 'whole' : 'none'];
    const recorded = tokens.filter((token) => advertised(token));
    const found = storyDifferences(recorded, ours, this.#known.get(method).tokens, this.#order.get(method));
    return found
      // How far a command gets before it is stopped depends on the moment.
      .filter(({ kind }) => kind !== 'absent' || !isCommand)
      .filter(({ kind, token }) => kind !== 'strange' || (isEvidence(token) && !thinned))
      .map(({ kind, token }) => ({ method, kind, path: '', what: token }));
  }
}

// What was ever told of a method, and whether that is all there is to tell.
const known = (stories) => ({
  tokens: new Set(stories.flatMap(({ tokens }) => tokens)),
  whole: stories.length > 0,
  none: false,
});

function errorDifferences(recorded, ours, method) {
  return ['code', 'message', 'details', 'retryable']
    .filter((name) => told(recorded[name]) !== told(ours[name]))
    .map((name) => ({ method, kind: 'error', path: `error.${name}`, what: `recorded ${told(recorded[name])}, ours ${told(ours[name])}` }));
}

function factDifferences(facts, payload, method) {
  const ours = {
    ...payload,
    ...(facts.auth && {
      auth: {
        ...(facts.auth.method && { method: payload.auth.method }),
        role: payload.auth.role,
        ...(facts.auth.scopes && { scopes: payload.auth.scopes }),
        deviceToken: Boolean(payload.auth.deviceToken),
      },
    }),
  };
  return Object.entries(facts)
    .filter(([name, value]) => told(value) !== told(ours[name]))
    .map(([name, value]) => ({ method, kind: 'fact', path: name, what: `recorded ${told(value)}, ours ${told(ours[name])}` }));
}

function closeDifferences({ step, closed }) {
  const same = step.code === closed.code && told(step.reason) === told(closed.reason);
  return same ? [] : [{ method: 'connect', kind: 'close', path: '', what: `recorded ${step.code} ${step.reason}, ours ${closed.code} ${closed.reason}` }];
}
