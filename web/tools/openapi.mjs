// Validates the OpenAPI document of the server, as it is committed for tools that do not run
// Go, and makes the types of src/api/schema.ts from it:
//
//   npm run openapi            write the types
//   npm run openapi -- --check fail if the types are not those of the document

import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import openapiTS, { astToString } from 'openapi-typescript';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const document = fileURLToPath(new URL('../../internal/api/testdata/openapi.json', import.meta.url));
const schema = fileURLToPath(new URL('../src/api/schema.ts', import.meta.url));
const head = '// The HTTP API as types, made by `npm run openapi` from its OpenAPI document. Not to be edited.\n\n';

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** The schema of OpenAPI 3.1 itself. */
async function validate() {
  const { valid, errors } = await new Validator().validate(JSON.parse(readFileSync(document, 'utf8')));
  if (!valid) fail(`The document is not OpenAPI 3.1:\n${JSON.stringify(errors, null, 2)}`);
}

/** The recommended rules of Redocly, whose warnings count as errors. Nothing is asked of the network. */
async function lintDocument() {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lint({ ref: document, config });
  const totals = getTotals(problems);
  if (problems.length === 0) return;
  formatProblems(problems, { format: 'codeframe', totals, version: '' });
  fail(`The document breaks ${problems.length} rules.`);
}

async function types() {
  const made = head + astToString(await openapiTS(new URL(`file://${document}`), { alphabetize: true }));
  if (!process.argv.includes('--check')) {
    writeFileSync(schema, made);
  } else if (readFileSync(schema, 'utf8') !== made) {
    fail('web/src/api/schema.ts is not what the document says; run npm run openapi in web and commit it.');
  }
}

await validate();
await lintDocument();
await types();
