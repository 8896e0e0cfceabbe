// The shape of JSON values: which members with which types, learned from answers and compared with
// others. Written down as JSON:
//   "string" "number" "boolean" "null" "any", alternatives as "string|null"
//   "=final|delta"        one of these strings
//   {"a": …, "b?": …}     an object; "b" is not in all of them, no others may be
//   [ELEMENT]             an array; [] is one that was always empty
//   {"one of": […]}       alternatives that are not all scalars
//   "@row"                the shape of that name, which several places share

const ENUMERATIONS_MAX = 12;
// Strings by these names are words of the protocol, not text of somebody.
const WORDS = new Set([
  'action', 'category', 'classification', 'decision', 'disposition', 'kind', 'livenessState', 'nameSource', 'operation',
  'ownership', 'phase', 'reason', 'recommendedNextStep', 'role', 'scope', 'sharingRole', 'state', 'status', 'stopReason', 'stream',
  'terminalDisposition', 'tokenDelivery', 'type', 'visibility',
]);

class Node {
  shared; // The name of a shape that stands here.
  scalars = new Set();
  words = new Set();
  wordsOnly = true;
  any = false; // Nobody looks into it.
  hidden = false; // A shortened trace did not show it.
  // Of objects: how many there were, and how often each member was there.
  objects = 0;
  fields = new Map();
  arrays = 0;
  element;
}

// What several learners learn about together: name -> node.
export class Library {
  nodes = new Map();

  node(name) {
    const node = this.nodes.get(name) ?? new Node();
    this.nodes.set(name, node);
    return node;
  }

  get shapes() {
    return [...this.nodes].map(([name, node]) => [`@${name}`, written(node)]);
  }
}

// Learns from values.
export class Learner {
  #root = new Node();
  #places;

  // `opaque(path)`: what lies there is not looked into. `shared(path)`: the name of the shape that
  // stands there, if several share it.
  constructor({ opaque = () => false, shared = () => undefined, library = new Library() } = {}) {
    this.#places = { opaque, shared, library };
  }

  learn(value) {
    this.#learn(this.#root, value, '', '', false);
    return this;
  }

  // `value`: as a shortened trace shows it, with the names of types in the place of values.
  learnSketch(value) {
    this.#learn(this.#root, value, '', '', true);
    return this;
  }

  get shape() {
    return written(this.#root);
  }

  #learn(node, value, path, name, sketch) {
    const shared = this.#places.shared(path);
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (shared && (isObject || (sketch && value === '{…}'))) {
      node.shared = shared;
      isObject && this.#learnObject(this.#places.library.node(shared), value, `@${shared}`, sketch);
    } else if (this.#places.opaque(path)) {
      node.any = true;
    } else if (sketch && value === '{…}') {
      node.hidden = true;
    } else if (Array.isArray(value)) {
      this.#learnArray(node, value, path, name, sketch);
    } else if (isObject) {
      this.#learnObject(node, value, path, sketch);
    } else if (sketch) {
      node.scalars.add(value);
      node.wordsOnly = false;
    } else {
      this.#learnScalar(node, value, name);
    }
  }

  #learnScalar(node, value, name) {
    node.scalars.add(value === null ? 'null' : typeof value);
    if (typeof value === 'string' && WORDS.has(name) && /^[\w.-]+$/.test(value)) {
      node.words.add(value);
    } else if (typeof value === 'string') {
      node.wordsOnly = false;
    }
  }

  #learnArray(node, value, path, name, sketch) {
    node.arrays += 1;
    for (const item of value) {
      const isNote = typeof item === 'string' && (/^__\d+ more/.test(item) || (sketch && /^(…×\d+|empty)$/.test(item)));
      if (!isNote) {
        node.element ??= new Node();
        this.#learn(node.element, item, `${path}[]`, name, sketch);
      }
    }
  }

  #learnObject(node, value, path, sketch) {
    node.objects += 1;
    for (const [name, member] of Object.entries(value)) {
      const field = node.fields.get(name) ?? { node: new Node(), count: 0 };
      node.fields.set(name, field);
      field.count += 1;
      this.#learn(field.node, member, path ? `${path}.${name}` : name, name, sketch);
    }
  }
}

function written(node) {
  const alternatives = node.shared ? [`@${node.shared}`] : [];
  const scalars = [...node.scalars].toSorted();
  const words = [...node.words].toSorted();
  if (node.any) {
    return 'any';
  }
  if (words.length > 0 && words.length <= ENUMERATIONS_MAX && node.wordsOnly) {
    alternatives.push(`=${words.join('|')}`, ...scalars.filter((scalar) => scalar !== 'string'));
  } else if (scalars.length > 0) {
    alternatives.push(scalars.join('|'));
  }
  if (node.objects > 0) {
    alternatives.push(
      Object.fromEntries(
        [...node.fields].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { node: member, count }]) => [
          count < node.objects ? `${name}?` : name,
          written(member),
        ]),
      ),
    );
  }
  if (node.arrays > 0) {
    alternatives.push(node.element ? [written(node.element)] : []);
  }
  if (alternatives.length === 0) {
    return 'any';
  }
  return alternatives.length === 1 ? alternatives[0] : { 'one of': alternatives };
}

const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const difference = (path, kind, what) => [{ path, kind, what }];

// Compares values with recorded shapes. `shapes`: name -> shape. `also(path, value)` says that what was
// never recorded there is a fact of the protocol nevertheless: of a member (value undefined) or a word.
export class Comparison {
  #shapes;
  #also;

  constructor(shapes, also = () => false) {
    this.#shapes = shapes;
    this.#also = also;
  }

  // [{path, kind: 'missing'|'unknown'|'type'|'word', what}]
  differences(shape, value, path = '') {
    if (shape === 'any') {
      return [];
    }
    if (typeof shape === 'string' && shape.startsWith('@')) {
      return this.differences(this.#shapes[shape], value, path);
    }
    if (typeof shape === 'string') {
      return this.#scalar(shape, value, path);
    }
    if (Array.isArray(shape)) {
      return this.#array(shape, value, path);
    }
    if (shape['one of']) {
      const tried = shape['one of'].map((alternative) => this.differences(alternative, value, path));
      return tried.toSorted((a, b) => a.length - b.length)[0];
    }
    return this.#object(shape, value, path);
  }

  #scalar(shape, value, path) {
    if (shape.startsWith('=')) {
      const isFact = shape.slice(1).split('|').includes(value) || this.#also(path, value);
      return isFact ? [] : difference(path, 'word', `is ${JSON.stringify(value)?.slice(0, 60)}, not one of ${shape.slice(1)}`);
    }
    return shape.split('|').includes(kindOf(value)) ? [] : difference(path, 'type', `is ${kindOf(value)}, not ${shape}`);
  }

  #array(shape, value, path) {
    if (!Array.isArray(value)) {
      return difference(path, 'type', `is ${kindOf(value)}, not array`);
    }
    // What was recorded empty says nothing about elements.
    return shape.length === 0 ? [] : value.flatMap((item) => this.differences(shape[0], item, `${path}[]`));
  }

  #object(shape, value, path) {
    if (kindOf(value) !== 'object') {
      return difference(path, 'type', `is ${kindOf(value)}, not object`);
    }
    const inside = (name) => (path ? `${path}.${name}` : name);
    const known = new Map(Object.entries(shape).map(([name, member]) => [name.replace(/\?$/, ''), { member, optional: name.endsWith('?') }]));
    const expected = [...known].flatMap(([name, { member, optional }]) => {
      if (name in value) {
        return this.differences(member, value[name], inside(name));
      }
      return optional ? [] : difference(inside(name), 'missing', 'is missing');
    });
    const unexpected = Object.keys(value).filter((name) => !known.has(name) && !this.#also(inside(name)));
    return [...expected, ...unexpected.flatMap((name) => difference(inside(name), 'unknown', 'is there, but in no recorded answer'))];
  }
}
