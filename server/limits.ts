/**
 * How much one client may ask for. Bytes, times and counts of every kind of request stand here and nowhere else, with the
 * rules by which a GraphQL document is refused before it is run.
 */
import type { ASTVisitor, FragmentDefinitionNode, SelectionSetNode, ValidationContext, ValidationRule } from 'graphql';
import { GraphQLError, Kind } from 'graphql';

import { UserError } from './errors.ts';

export interface Limits {
  /** Bytes of a GraphQL request. A sum of a dozen literal vectors of 4,000 dimensions fits. */
  readonly bodyBytes: number;
  /** Time for the head of a request to arrive, in milliseconds. */
  readonly headersMs: number;
  /** Time for the body of a request to arrive, in milliseconds. Uploads have `uploadIdleMs` instead. */
  readonly bodyMs: number;
  /** Longest silence in the midst of an upload, in milliseconds. */
  readonly uploadIdleMs: number;
  /** Time to open a GraphQL conversation on a new WebSocket, in milliseconds. */
  readonly connectionInitMs: number;
  /** WebSockets and event streams at once, in all. */
  readonly streams: number;
  /** Operations at once on one WebSocket. */
  readonly operationsPerSocket: number;
  /** Time given to running requests when the server stops, in milliseconds. */
  readonly graceMs: number;
  /** Errors of one document that are told. */
  readonly documentErrors: number;
  /** Tokens of a document: names, numbers and punctuation. */
  readonly tokens: number;
  /** Fields within fields. A client's introspection goes 15 deep. */
  readonly depth: number;
  /** Aliases in a document. */
  readonly aliases: number;
  /** Directives at one place. */
  readonly directives: number;
  /** Fields at the root of an operation. */
  readonly rootFields: number;
  /** Entries of one page. */
  readonly page: number;
  /** Entries of all pages of one request together. */
  readonly entries: number;
  /** Searches in one request. */
  readonly searches: number;
}

export const defaultLimits: Limits = Object.freeze({
  bodyBytes: 2 * 2 ** 20,
  headersMs: 10_000,
  bodyMs: 30_000,
  uploadIdleMs: 60_000,
  connectionInitMs: 3_000,
  streams: 1_000,
  operationsPerSocket: 50,
  graceMs: 10_000,
  documentErrors: 5,
  tokens: 4_000,
  depth: 20,
  aliases: 30,
  directives: 8,
  rootFields: 30,
  page: 1_000,
  entries: 100_000,
  searches: 30,
});

/** The rules for documents, beside those of the GraphQL specification. */
export function documentRules(limits: Limits): ValidationRule[] {
  return [depthRule(limits.depth), countRule(limits), rootFieldsRule(limits.rootFields)];
}

/** Refuses documents whose fields go deeper than `most`, through fragments as well. */
function depthRule(most: number): ValidationRule {
  return (context) => ({
    OperationDefinition(operation) {
      const fragments = new Map<FragmentDefinitionNode, number>();
      if (depthOf(operation.selectionSet, context, fragments, most) > most) {
        report(context, `The document goes more than ${most} fields deep. Ask for less at once.`);
      }
      return false;
    },
  });
}

/** Fields within fields; `most + 1` as soon as it is more than `most`. A fragment that contains itself counts as empty: another rule refuses it. */
function depthOf(
  selections: SelectionSetNode,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, number>,
  most: number,
): number {
  if (most < 0) return 0;
  let deepest = 0;
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) {
      const below =
        selection.selectionSet === undefined ? 0 : depthOf(selection.selectionSet, context, fragments, most - 1);
      deepest = Math.max(deepest, 1 + below);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, context, fragments, most));
    } else {
      const fragment = context.getFragment(selection.name.value);
      if (!fragment) continue;
      let depth = fragments.get(fragment);
      if (depth === undefined) {
        fragments.set(fragment, 0);
        depth = depthOf(fragment.selectionSet, context, fragments, most);
        fragments.set(fragment, depth);
      }
      deepest = Math.max(deepest, depth);
    }
  }
  return deepest;
}

/** Refuses documents with too many aliases, or too many directives at one place. */
function countRule({ aliases: mostAliases, directives: mostDirectives }: Limits): ValidationRule {
  return (context): ASTVisitor => {
    let aliases = 0;
    let told = false;
    return {
      enter(node) {
        if (node.kind === Kind.FIELD && node.alias !== undefined && ++aliases === mostAliases + 1) {
          report(context, `The document has more than ${mostAliases} aliases. Send several requests.`);
        }
        const directives = 'directives' in node ? (node.directives?.length ?? 0) : 0;
        if (directives > mostDirectives && !told) {
          told = true;
          report(context, `The document has more than ${mostDirectives} directives at one place.`);
        }
      },
    };
  };
}

/** Refuses operations that ask too much side by side. */
function rootFieldsRule(most: number): ValidationRule {
  return (context) => ({
    OperationDefinition(operation) {
      const seen = new Set<string>();
      let fields = 0;
      const count = (selections: SelectionSetNode): void => {
        for (const selection of selections.selections) {
          if (selection.kind === Kind.FIELD) fields++;
          else if (selection.kind === Kind.INLINE_FRAGMENT) count(selection.selectionSet);
          else if (!seen.has(selection.name.value)) {
            seen.add(selection.name.value);
            const fragment = context.getFragment(selection.name.value);
            if (fragment) count(fragment.selectionSet);
          }
        }
      };
      count(operation.selectionSet);
      if (fields > most) {
        report(context, `The operation asks for more than ${most} fields at its root. Send several requests.`);
      }
      return false;
    },
  });
}

function report(context: ValidationContext, message: string): void {
  context.reportError(new GraphQLError(message, { originalError: new UserError('LIMIT_EXCEEDED', message) }));
}

/** What one request may still ask for: pages inside pages multiply, which no rule for documents can see. */
export class Budget {
  #entries: number;
  #searches: number;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#entries = limits.entries;
    this.#searches = limits.searches;
  }

  /** Checks the size of a page and takes it. @throws UserError BAD_USER_INPUT, LIMIT_EXCEEDED */
  page(first: number): number {
    if (!Number.isInteger(first) || first < 1 || first > this.#limits.page) {
      throw new UserError('BAD_USER_INPUT', `"first" is ${first}; wanted: 1 to ${this.#limits.page}.`);
    }
    this.#entries -= first;
    if (this.#entries < 0) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `The pages of this request add up to more than ${this.#limits.entries} entries. Ask for smaller pages, or send several requests.`,
      );
    }
    return first;
  }

  /** Takes one search. @throws UserError LIMIT_EXCEEDED */
  search(): void {
    this.#searches--;
    if (this.#searches < 0) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `This request asks for more than ${this.#limits.searches} searches. Send several requests.`,
      );
    }
  }
}
