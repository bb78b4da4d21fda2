import { describe, expect, it } from 'vitest';
import { allows, classOf } from './addresses.ts';

describe('the class of an address', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['::ffff:0.0.0.0', 'unspecified'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
  ])('%s is %s', (address, expected) => {
    expect(classOf(address)).toBe(expected);
  });

  it.each(['10.0.0.5', '172.16.3.4', '192.168.1.10', '203.0.113.7', '2001:db8::1', 'fd12:3456::1', '100.64.0.1'])(
    '%s may be named by anybody',
    (address) => {
      expect(classOf(address)).toBeNull();
    },
  );
});

describe('what each setting allows', () => {
  it('never allows metadata', () => {
    for (const allowance of ['none', 'loopback', 'all'] as const) expect(allows(allowance, 'metadata')).toBe(false);
  });

  it('allows loopback alone with `loopback`, and everything else with `all`', () => {
    const classes = ['loopback', 'link-local', 'unspecified', 'multicast'] as const;
    expect(classes.filter((found) => allows('none', found))).toEqual([]);
    expect(classes.filter((found) => allows('loopback', found))).toEqual(['loopback']);
    expect(classes.filter((found) => allows('all', found))).toEqual([...classes]);
  });
});
