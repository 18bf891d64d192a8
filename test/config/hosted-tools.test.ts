import { describe, expect, it } from '@jest/globals';
import { describeConfig } from '../../src/config/describe.ts';
import { UPSTREAM_TOOLS as CONFIGURABLE } from '../../src/config/hosted-tools-schema.ts';
import { providerOptions } from '../../src/provider-options.ts';
import { UPSTREAM_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';
import { KEY, load, problems } from '../support/config.ts';

const server = (more: string) => `
hostedTools:
  allow: [mcp]
  mcpServers:
    docs: { url: https://mcp.example.com/sse/, ${more} }
`;
const ENVIRONMENT = { ...KEY, DOCS_TOKEN: 'docs-token' };

describe('hosted tools', () => {
  it('are those that can be asked for', () => {
    expect(CONFIGURABLE).toEqual(UPSTREAM_TOOLS);
  });

  it('have servers whose secrets are read where the file says, and shown to nobody', () => {
    const places = 'authorization: { environment: DOCS_TOKEN }, headers: { X-Key: { file: /key } }';
    const config = load(server(places), ENVIRONMENT, { '/key': 'docs key\n' });
    expect(providerOptions(config, '1').hostedTools).toEqual({
      allow: ['mcp'],
      mcpServers: {
        docs: {
          url: 'https://mcp.example.com/sse',
          requireApproval: 'always',
          authorization: 'docs-token',
          headers: { 'X-Key': 'docs key' },
        },
      },
    });
    const shown = describeConfig(config);
    expect(shown).toContain('environment: DOCS_TOKEN');
    expect(shown).not.toMatch(/docs-token|docs key/);
  });

  it.each([
    ['authorization: { environment: NOT_SET }', 'authorization.environment'],
    ['authorization: { file: /gone }', 'authorization.file'],
    ['authorization: { file: /torn }', 'authorization.file'],
    ['authorization: docs-token', 'authorization'],
    ['authorization: { file: /torn, environment: DOCS_TOKEN }', 'authorization'],
    ['headers: { "X Key": { environment: DOCS_TOKEN } }', 'headers."X Key"'],
    ['headers: { X-Key: { environment: NOT_SET } }', 'headers.X-Key.environment'],
    ['requireApproval: sometimes', 'requireApproval'],
    ['allowedTools: ["a b"]', 'allowedTools[0]'],
  ])('tell what is wrong with a server: %s', (more, key) => {
    const found = problems(server(more), ENVIRONMENT, { '/torn': 'a\nb' });
    expect(found.map(({ path }) => path)).toEqual([`hostedTools.mcpServers.docs.${key}`]);
    expect(JSON.stringify(found)).not.toContain('docs-token');
  });

  it('are known by name', () => {
    expect(problems('hostedTools: { allow: [shell] }').map(({ path }) => path)).toEqual([
      'hostedTools.allow[0]',
    ]);
  });
});
