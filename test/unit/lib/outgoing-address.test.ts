import { describe, expect, test } from 'bun:test';
import { isForbiddenHost, isPublicAddress } from '../../../src/lib/outgoing-address.ts';

/** Ways to write a link-local address or a metadata service in a URL. */
const FORBIDDEN = [
  '169.254.169.254',
  '169.254.169.254.',
  '169.254.169.254..',
  '169.254.170.2',
  '169.254.0.23',
  '2852039166',
  '0xa9fea9fe',
  '0xa9.0xfe.0xa9.0xfe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.16689662',
  '１６９.254.169.254',
  '169。254。169。254',
  '[fe80::1]',
  '[febf::1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[::a9fe:a9fe]',
  '[::169.254.169.254]',
  '[::ffff:0:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[64:ff9b:1:a9fe:a9:fe00::]',
  '[64:ff9b:1:a9:fe:a9fe::]',
  '[64:ff9b:1:0:a9:fea9:fe00:0]',
  '[2002:a9fe:a9fe::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:a9fe:a9fe::1]',
  '[2001:0:102:304::5601:5601]',
  '[2001:db8::5efe:169.254.169.254]',
  '[2001:db8::200:5efe:a9fe:a9fe]',
  '[fd00:ec2::254]',
  '[fd00:ec2::23]',
  '[fd20:ce::254]',
  '[FD20:CE:0:0:0:0:0:254]',
  '[64:ff9b::a83f:8110]',
  '168.63.129.16',
  '192.0.0.192',
  '100.100.100.200',
  '[::ffff:100.100.100.200]',
  'metadata',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'metadata.google.internal..',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  '%6detadata',
];

describe('a link-local address or metadata service is recognised as', () => {
  for (const host of FORBIDDEN) {
    test(host, () => {
      const { hostname } = new URL(`http://${host}/`);
      expect(isForbiddenHost(hostname)).toBe(true);
    });
  }

  test('the address that a socket reports, with its zone', () => {
    for (const address of ['fe80::1%eth0', '::ffff:169.254.169.254', '169.254.169.254', 'fd20:ce::254'])
      expect([address, isForbiddenHost(address)]).toEqual([address, true]);
  });
});

test('local, private and public hosts are allowed', () => {
  const hosts = [
    'localhost',
    '127.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.8',
    '100.64.0.1',
    '168.63.129.17',
    '169.253.1.1',
    '8.8.8.8',
    '[::1]',
    '[::]',
    '[fd00::1]',
    '[fec0::1]',
    '[fd12:3456::254]',
    '[64:ff9b::808:808]',
    '[2002:808:808::1]',
    '[2606:4700::1]',
    'api.openai.com',
    'metadata.example.com',
    'my-metadata',
    'ollama',
  ];
  for (const host of hosts)
    expect([host, isForbiddenHost(new URL(`http://${host}/`).hostname)]).toEqual([host, false]);
});

test('text that is no address is no address', () => {
  for (const text of [
    '',
    '.',
    ':',
    ':::',
    '1::2::3',
    'fe80:::1',
    'g::',
    '1:2:3:4:5:6:7:8:9',
    '169.254.1.256',
  ])
    expect([text, isForbiddenHost(text)]).toEqual([text, false]);
});

test('a long host takes no more than linear time', () => {
  const timeOf = (length: number): number => {
    const startedAtMs = performance.now();
    for (const part of ['.', ':', '1.', '1:', '[', '%']) isForbiddenHost(part.repeat(length));
    return performance.now() - startedAtMs;
  };
  timeOf(10_000);
  expect(timeOf(1_000_000)).toBeLessThan(20_000);
});

test('a file that a client names comes from a public address only', () => {
  const open = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1', '64:ff9b::808:808', '::ffff:8.8.8.8'];
  expect(open.filter((text) => !isPublicAddress(text))).toEqual([]);
  const closed = [
    ['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    [
      '100.64.0.1',
      '169.254.169.254',
      '168.63.129.16',
      '192.0.2.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ['::', '::1', '::ffff:10.0.0.1', '::10.0.0.1', 'fe80::1', 'fd00::1', 'fec0::1', 'ff02::1', '2001:db8::1'],
    ['2002:a00:1::1', '2002:7f00:1::', '64:ff9b::a00:1', '64:ff9b:1::1', '2001:0:a00:1::1', '100::1'],
    ['localhost', 'example.com', '', '8.8.8', 'fe80::1%eth0'],
  ].flat();
  expect(closed.filter((text) => isPublicAddress(text))).toEqual([]);
});
