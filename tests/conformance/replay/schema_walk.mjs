// What JSON schemas say about a member deep inside: whether they know it, require it, allow a word.
const POINTER = /^#?\//;

export class SchemaWalk {
  #documents;

  // name -> schema document, whose references are "#/…" or "name#/…".
  constructor(documents) {
    this.#documents = documents;
  }

  knows(reference, path) {
    return this.#at(reference, path).length > 0;
  }

  requires(reference, path) {
    const { parent, name } = split(path);
    return !name.endsWith('[]') && this.#at(reference, parent).some(({ schema }) => schema.required?.includes(name));
  }

  // Whether the schemas there have words at all, and this is one.
  allowsWord(reference, path, word) {
    return this.#at(reference, path).some(({ schema }) => schema.const === word || schema.enum?.includes(word));
  }

  // Every schema that stands for the member at `path` ("sessions[].key"); several where there are
  // alternatives.
  #at(reference, path) {
    const steps = path ? path.replaceAll('[]', '.[]').split('.').filter(Boolean) : [];
    return steps.reduce((places, step) => places.flatMap((place) => this.#step(place, step)), this.#open(this.#resolve(reference, '')));
  }

  #step({ schema, document }, step) {
    const next = step === '[]' ? schema.items : schema.properties?.[step];
    return next ? this.#open({ schema: next, document }) : [];
  }

  // The place itself and what it refers to or is composed of.
  #open({ schema, document }) {
    const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].map((one) => ({ schema: one, document }));
    const referred = schema.$ref ? [this.#resolve(schema.$ref, document)] : [];
    return [{ schema, document }, ...[...inner, ...referred].flatMap((place) => this.#open(place))];
  }

  #resolve(reference, document) {
    const [name, pointer] = POINTER.test(reference) ? [document, reference] : reference.split('#');
    const steps = pointer.replace(/^#?\//, '').split('/');
    const schema = steps.reduce((node, step) => node?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], this.#documents[name]);
    if (schema === undefined) {
      throw new Error(`there is no schema ${reference}`);
    }
    return { schema, document: name };
  }
}

function split(path) {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? { parent: '', name: path } : { parent: path.slice(0, dot), name: path.slice(dot + 1) };
}
