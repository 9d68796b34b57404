/**
 * schema.graphql with its resolvers: parse, validate, allow, execute; and errors as a client may read them. The same
 * rules hold for a request over HTTP (Apollo) and an operation over a WebSocket or an event stream (routes/graphql.ts).
 */
import { readFile } from 'node:fs/promises';

import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import {
  buildSchema,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  isScalarType,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Logger } from 'pino';

import type { Access } from './access.ts';
import type { Config } from './config.ts';
import { DatabaseError } from './database/databaseError.ts';
import { type ErrorRecord, toErrorRecord, UserError } from './errors.ts';
import { documentRules, type Limits } from './limits.ts';
import type { Context } from './resolvers/context.ts';
import { resolvers } from './resolvers/index.ts';

/** An operation as it comes in. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface Graphql {
  readonly apollo: ApolloServer<Context>;
  /** An operation, parsed, validated and allowed. @throws OperationRefused */
  prepare(request: OperationRequest, context: Context): ExecutionArgs;
  /** Errors as a client may read them; what is our fault goes to the log. */
  format(errors: readonly GraphQLError[], log: Logger): GraphQLError[];
}

/** Why an operation is not executed. */
export class OperationRefused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'refused');
    this.errors = errors;
  }

  static because(error: UserError): OperationRefused {
    return new OperationRefused([asGraphQLError(error, error.code)]);
  }
}

/** @param config whose `introspection` says whether clients may learn the schema, by asking or by suggestions in errors */
export async function createGraphql(
  { introspection }: Pick<Config, 'introspection'>,
  limits: Limits,
  access: Access,
  log: Logger,
): Promise<Graphql> {
  const schema = executable(buildSchema(await readFile(new URL('../schema.graphql', import.meta.url), 'utf8')));
  const parseOptions = { maxTokens: limits.tokens };
  const validationOptions = { maxErrors: limits.documentErrors };
  const rules = documentRules(limits);

  const policy: ApolloServerPlugin<Context> = {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation, contextValue }) {
          assertAllowed(operation, contextValue.authorization, access);
        },
        async didEncounterErrors({ errors, contextValue }) {
          logInternal(errors, contextValue.log);
        },
      };
    },
    async contextCreationDidFail({ error }) {
      log.error(error, 'the context of a request could not be made');
    },
    async unexpectedErrorProcessingRequest({ error }) {
      log.error(error, 'a GraphQL request failed');
    },
  };

  const apollo = new ApolloServer<Context>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    formatError: (formatted, error) => toClientError(formatted, error, introspection),
    parseOptions,
    validationOptions,
    validationRules: rules,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    nodeEnv: 'production', // nothing may depend on the environment
    logger: log,
    plugins: [
      policy,
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();

  const allRules = [...specifiedRules, ...rules, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])];
  return {
    apollo,

    prepare({ query, operationName, variables }, context) {
      let document: ExecutionArgs['document'];
      try {
        document = parse(query, parseOptions);
      } catch (error) {
        throw new OperationRefused([asGraphQLError(error, 'BAD_USER_INPUT')]);
      }
      const errors = validate(schema, document, allRules, { ...validationOptions, hideSuggestions: !introspection });
      if (errors.length > 0) throw new OperationRefused(errors.map((error) => asGraphQLError(error, 'BAD_USER_INPUT')));
      const operation = getOperationAST(document, operationName);
      if (!operation) {
        const message = 'The document has several operations, or none of the name given; wanted: "operationName".';
        throw OperationRefused.because(new UserError('BAD_USER_INPUT', message));
      }
      try {
        assertAllowed(operation, context.authorization, access);
      } catch (error) {
        throw new OperationRefused([asGraphQLError(error, 'INTERNAL_SERVER_ERROR')]);
      }
      return { schema, document, operationName, variableValues: variables, contextValue: context };
    },

    format(errors, requestLog) {
      logInternal(errors, requestLog);
      return errors.map((error) => {
        const { message, extensions } = toClientError(error.toJSON(), error, introspection);
        return copied(error, message, extensions);
      });
    },
  };
}

/** @throws GraphQLError with the HTTP status, UNAUTHENTICATED or FORBIDDEN */
function assertAllowed(
  operation: OperationDefinitionNode | undefined,
  authorization: string | undefined,
  access: Access,
): void {
  try {
    if (operation?.operation === 'mutation') access.assertMayChange(authorization);
    if (operation?.operation === 'subscription') access.assertMayWatch(authorization);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const unauthenticated = error.code === 'UNAUTHENTICATED';
    const headers = new Map(unauthenticated ? [['www-authenticate', 'Bearer']] : []);
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { http: { status: unauthenticated ? 401 : 403, headers } },
    });
  }
}

/** The schema with the resolvers put in. */
function executable(schema: GraphQLSchema): GraphQLSchema {
  for (const [typeName, entries] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (isScalarType(type) && isScalarType(entries)) {
      type.serialize = entries.serialize;
      type.parseValue = entries.parseValue;
      type.parseLiteral = entries.parseLiteral;
    } else if (isObjectType(type) || isInterfaceType(type)) {
      const fields = type.getFields();
      for (const [name, resolver] of Object.entries(entries)) {
        const field = fields[name];
        if (name === '__resolveType' && isInterfaceType(type) && isTypeResolver(resolver)) type.resolveType = resolver;
        else if (field !== undefined && isResolver(resolver)) field.resolve = resolver;
        else if (field !== undefined && isSubscription(resolver)) field.subscribe = resolver.subscribe;
        else throw new Error(`The resolver ${typeName}.${name} is of nothing in schema.graphql.`);
      }
    } else {
      throw new Error(`The resolvers of ${typeName} are of nothing in schema.graphql.`);
    }
  }
  return schema;
}

type AnyResolver = GraphQLFieldResolver<unknown, unknown>;

function isResolver(value: unknown): value is AnyResolver {
  return typeof value === 'function';
}

function isTypeResolver(value: unknown): value is (value: unknown) => string {
  return typeof value === 'function';
}

function isSubscription(value: unknown): value is { subscribe: AnyResolver } {
  return typeof value === 'object' && value !== null && 'subscribe' in value && isResolver(value.subscribe);
}

// Errors --------------------------------------------------------------------------------------------------------------

/** Codes that Apollo and graphql-js give to what is wrong with the request itself. */
const requestFaults = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_FOUND',
]);

/** Longest message; graphql-js quotes whole values, and a value may be a vector. */
const MESSAGE_CHARACTERS = 1_000;

function toClientError(
  { message, locations, path, extensions }: GraphQLFormattedError,
  error: unknown,
  introspection: boolean,
): GraphQLFormattedError {
  const where = { ...(locations === undefined ? {} : { locations }), ...(path === undefined ? {} : { path }) };
  const formatted = (record: ErrorRecord): GraphQLFormattedError => {
    const { code, message: text, ...place } = record;
    return { message: shortened(text), ...where, extensions: { code, ...place } };
  };
  const record = errorRecordOf(error);
  // Of a value in the variables GraphQL says where it stands: its message is the longer one.
  if (record.code !== 'INTERNAL_SERVER_ERROR') {
    return formatted(message.includes(record.message) ? { ...record, message } : record);
  }
  if (message.includes('tokens. Parsing aborted')) {
    return formatted({
      code: 'LIMIT_EXCEEDED',
      message: `${message} Send long values, such as vectors, as variables.`,
    });
  }
  const fault = requestFaults.has(String(extensions?.['code'])) || isArgumentFault(error);
  if (!fault) return formatted(record);
  return formatted({
    code: 'BAD_USER_INPUT',
    message: introspection ? message : message.replace(/ ?Did you mean .+?\?(?= |$)/g, ''),
  });
}

/** Whether graphql-js found, while executing, that a value does not fit its argument. */
function isArgumentFault(error: unknown): boolean {
  const root = rootOf(error);
  return root instanceof GraphQLError && /^(Argument|Variable) "/.test(root.message);
}

/** What a client may read of an error, however deep graphql-js has wrapped it. */
export function errorRecordOf(error: unknown): ErrorRecord {
  const root = rootOf(error);
  if (root instanceof DatabaseError && unstorable.has(root.code)) {
    const message = 'A text holds the character U+0000, or half a character, which the database cannot hold.';
    return { code: 'BAD_USER_INPUT', message };
  }
  return toErrorRecord(root);
}

/** SQLSTATE: character not in repertoire; untranslatable character. */
const unstorable = new Set(['22021', '22P05']);

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError !== undefined) root = root.originalError;
  return root;
}

function logInternal(errors: readonly GraphQLError[], log: Logger): void {
  for (const error of errors) {
    const client = toClientError(error.toJSON(), error, true);
    if (client.extensions?.['code'] === 'INTERNAL_SERVER_ERROR') {
      log.error({ err: rootOf(error), path: error.path?.join('.') }, 'a resolver failed');
    }
  }
}

/** The error at its place in the document and in the answer, with other words. */
function copied(
  { nodes, source, positions, path }: GraphQLError,
  message: string,
  extensions: GraphQLFormattedError['extensions'],
  originalError: Error | undefined = undefined,
): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source,
    positions,
    path,
    originalError,
    extensions,
  });
}

function asGraphQLError(error: unknown, code: string): GraphQLError {
  if (error instanceof GraphQLError) {
    return copied(error, error.message, { code, ...error.extensions }, error.originalError);
  }
  const original = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(original.message, { originalError: original, extensions: { code } });
}

function shortened(message: string): string {
  if (message.length <= MESSAGE_CHARACTERS) return message;
  const half = MESSAGE_CHARACTERS / 2;
  return `${message.slice(0, half)} … ${message.slice(-half)}`;
}
