import { describe, expect, test } from 'vitest';
import { addressProblem, dialAddress, httpAddress, serviceAddress, withoutSecrets } from '../src/client/address';

const http = { protocol: 'http:', host: '127.0.0.1:8080' };
const https = { protocol: 'https:', host: 'learn.example' };

describe('address of a service', () => {
  test('follows the page', () => {
    expect(serviceAddress(http)).toBe('ws://127.0.0.1:8080/services/main_ws_service');
    expect(serviceAddress(https, 'rtk_ws_service')).toBe('wss://learn.example/services/rtk_ws_service');
    expect(serviceAddress({ protocol: 'file:', host: '' })).toBe('ws://localhost:8080/services/main_ws_service');
  });

  test('keeps colons of an id readable and escapes the rest', () => {
    expect(serviceAddress(http, 'main_ws_service', 'id:1::group_id:2')).toMatch(/\?X-StatefulSocketId=id:1::group_id:2$/);
    expect(serviceAddress(http, 'main_ws_service', 'a&b')).toMatch(/=a%26b$/);
  });
});

test.each([
  ['', 'empty'],
  ['  ', 'empty'],
  ['main_ws_service', 'malformed'],
  ['127.0.0.1:8080/services/x', 'malformed'],
  ['ws://', 'malformed'],
  ['ws://a b/', 'malformed'],
  ['http://127.0.0.1/services/x', 'scheme'],
  ['ws://127.0.0.1/services/x', null],
  [' wss://host/services/x?a=1 ', null],
])('problem of %j is %j', (address, problem) => {
  expect(addressProblem(address, http)).toBe(problem);
});

test('a page over HTTPS dials wss only, or this machine', () => {
  expect(addressProblem('ws://host/services/x', https)).toBe('insecure');
  expect(addressProblem('wss://host/services/x', https)).toBeNull();
  expect(addressProblem('ws://localhost:8080/services/x', https)).toBeNull();
});

describe('dialled address', () => {
  test('gets the development user', () => {
    expect(dialAddress('ws://h/s', '7')).toBe('ws://h/s?X-Dev-User=7');
    expect(dialAddress('ws://h/s?a=1', ' 7 ')).toBe('ws://h/s?a=1&X-Dev-User=7');
    expect(dialAddress('ws://h/s?X-Dev-User=1&a=1', '7')).toBe('ws://h/s?a=1&X-Dev-User=7');
    expect(dialAddress('ws://h/s', 'иван & ко')).toBe('ws://h/s?X-Dev-User=%D0%B8%D0%B2%D0%B0%D0%BD%20%26%20%D0%BA%D0%BE');
  });

  test('is otherwise what was typed, without the fragment', () => {
    expect(dialAddress(' ws://h/s?X-StatefulSocketId=id:1::g:2#top ', '')).toBe('ws://h/s?X-StatefulSocketId=id:1::g:2');
  });
});

test('secrets leave the address, the rest stays as written', () => {
  expect(withoutSecrets('ws://h/s?access_token=x&X-StatefulSocketId=id:1')).toBe('ws://h/s?X-StatefulSocketId=id:1');
  expect(withoutSecrets('ws://h/s?Access%5FToken=x')).toBe('ws://h/s');
  expect(withoutSecrets('ws://user:pass@h/s?a=%')).toBe('ws://h/s?a=%');
  expect(withoutSecrets('ws://h/s?mail=a@b')).toBe('ws://h/s?mail=a@b');
  expect(withoutSecrets('ws://h/s')).toBe('ws://h/s');
});

test('the same endpoint over HTTP', () => {
  expect(httpAddress('ws://h/s')).toBe('http://h/s');
  expect(httpAddress('WSS://h/s')).toBe('https://h/s'.replace('https', 'httpS'));
});
