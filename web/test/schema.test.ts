import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { components, operations, paths } from '../src/api/schema';

type Socket = components['schemas']['Socket'];
type SocketPage = paths['/sockets']['get']['responses'][200]['content']['application/json'];
type Sending = operations['send-messages']['requestBody']['content']['application/json'];

const document = JSON.parse(readFileSync(new URL('../../internal/api/testdata/openapi.json', import.meta.url), 'utf8'));

describe('types of the API', () => {
  it('take the examples of the document', () => {
    const page = document.paths['/sockets'].get.responses['200'].content['application/json'].example as SocketPage;
    const keys: string[] = page.items.map((socket: Socket) => socket.key);
    expect(keys).toEqual(['/services/main_ws_service-s-123']);
  });

  it('know what is required and what a field may be', () => {
    const sending: Sending = { filter: { role: ['a', 'b'] }, message: 'x' };
    expect(sending.json_compound).toBeUndefined();
    expectTypeOf<Socket['state']>().toEqualTypeOf<'open' | 'detached'>();
    expectTypeOf<Socket['queue']['bytes']>().toEqualTypeOf<number>();
    // @ts-expect-error a message without a text
    const wrong: Sending = { user_id: '1' };
    expect(wrong).toBeDefined();
  });
});
