import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pictureAddress } from '../../../server/datasets/pictureAddress.ts';
import fc from '../../helpers/laws.ts';

test('the field that is called like a picture has it, or else the first address that ends like one', () => {
  const jpg = 'https://example.org/a.jpg';
  assert.equal(pictureAddress({ page: jpg, image_url: 'https://example.org/7' }), 'https://example.org/7');
  for (const name of ['image', 'Photo', 'thumbnail url', 'poster-src', 'product.image', 'avatar_link']) {
    assert.equal(pictureAddress({ [name]: 'https://example.org/7?w=1' }), 'https://example.org/7?w=1', name);
  }
  assert.equal(pictureAddress({ page: 'https://example.org/a', scan: `${jpg}?w=1` }), `${jpg}?w=1`);
  for (const name of ['imagery', 'page', 'iconic', 'url']) {
    assert.equal(pictureAddress({ [name]: 'https://example.org/7' }), null, name);
  }
  assert.equal(pictureAddress({}), null);
});

test('what could be read, changed or run on its way is no picture', () => {
  for (const image of [
    'http://example.org/a.jpg',
    '//example.org/a.jpg',
    '/a.jpg',
    'javascript:alert(1)//a.jpg',
    'data:image/svg+xml,<svg/>',
    'https://user:secret@example.org/a.jpg',
    'https://',
    `https://example.org/${'a'.repeat(2000)}.jpg`,
    ' https://example.org/a.jpg',
    7,
    null,
    ['https://example.org/a.jpg'],
  ]) {
    assert.equal(pictureAddress({ image }), null, String(image).slice(0, 60));
  }
});

test('whatever the fields hold, the answer is nothing or an https address without a password', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((rest) => `https://${rest}.png`),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constant('image')), text), (fields) => {
      const address = pictureAddress(fields);
      if (address === null) return;
      const { protocol, username, password } = new URL(address);
      assert.deepEqual([protocol, username, password], ['https:', '', '']);
    }),
  );
});
