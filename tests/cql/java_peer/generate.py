#!/usr/bin/env python3
"""generate.py SEED COUNT > Random.cql: a library of random well-typed expressions, one definition each (E1, E2, ...)."""
import random
import sys

rng = random.Random(int(sys.argv[1]))
NULLS = 0.08  # how often a leaf is a typed null

LEAVES = {
    'Integer': lambda: str(rng.choice([0, 1, 2, 3, 7, -1, -5, 10, 100, 2147483647])),
    'Decimal': lambda: rng.choice(['0.0', '1.0', '1.5', '-2.25', '3.14159265', '100.01', '0.00000001']),
    'String': lambda: rng.choice(["''", "'a'", "'abc'", "'ABC'", "'a b'", "'2012-03-04'", "'12'"]),
    'Boolean': lambda: rng.choice(['true', 'false']),
    'Date': lambda: rng.choice(['@2012', '@2012-02', '@2012-02-29', '@2012-03-01', '@2013-12-31', '@2014-01-01']),
    'DateTime': lambda: rng.choice(['@2012-02-29T10:20:30.500Z', '@2012-03-01T00:00:00.000Z', '@2012-03-01T02:00:00.000+02:00',
                                    '@2012-03T', '@2013-01-01T10Z', '@2012-02-29T10:20:30Z']),
    'Time': lambda: rng.choice(['@T00:00:00.000', '@T10:20:30.500', '@T10:20', '@T23:59:59.999']),
    'Quantity': lambda: rng.choice(["1 'mg'", "1.0 'g'", "5 'cm'", "0.05 'm'", "3 days", "2 weeks", "1 year", "10 '1'"]),
}
POINTS = ['Integer', 'Decimal', 'Date', 'DateTime', 'Time']
UNITS = ['year', 'month', 'day', 'hour', 'minute', 'second']


def leaf(t):
    return '(null as %s)' % t if rng.random() < NULLS else LEAVES[t]()


def interval(point, depth):
    if rng.random() < 0.04:
        return '(null as Interval<%s>)' % point
    low, high = leaf(point), leaf(point)
    return 'Interval%s%s, %s%s' % (rng.choice('[('), low, high, rng.choice('])'))


def items(t, depth):
    return '{%s}' % ', '.join(expr(t, depth - 1) for _ in range(rng.randrange(1, 4)))


def expr(t, depth):
    if depth <= 0 or rng.random() < 0.15:
        return leaf(t)
    choices = MAKERS[t]
    return rng.choice(choices)(depth - 1)


def binary(t, op, left=None, right=None):
    return lambda d: '(%s %s %s)' % (expr(left or t, d), op, expr(right or left or t, d))


def compare(d):
    t = rng.choice(['Integer', 'Decimal', 'String', 'Date', 'DateTime', 'Time', 'Quantity'])
    return '(%s %s %s)' % (expr(t, d), rng.choice(['=', '!=', '~', '<', '<=', '>', '>=']), expr(t, d))


def relation(d):
    p = rng.choice(POINTS)
    op = rng.choice(['before', 'after', 'overlaps', 'overlaps before', 'meets', 'meets after', 'starts', 'ends', 'includes',
                     'included in', 'properly includes', 'same as', 'same or before', '=', '~'])
    return '(%s %s %s)' % (interval(p, d), op, interval(p, d))


def temporal_relation(d):
    t = rng.choice(['Date', 'DateTime'])
    unit = rng.choice(UNITS[:3] if t == 'Date' else UNITS)
    op = rng.choice(['same %s as', 'same %s or before', 'same %s or after', 'before %s of', 'after %s of'])
    return '(%s %s %s)' % (expr(t, d), op % unit, expr(t, d))


MAKERS = {
    'Integer': [binary('Integer', '+'), binary('Integer', '-'), binary('Integer', '*'), binary('Integer', 'div'), binary('Integer', 'mod'),
                lambda d: 'Length(%s)' % expr('String', d), lambda d: 'Abs(%s)' % expr('Integer', d),
                lambda d: 'Count(%s)' % items('Integer', d), lambda d: 'Sum(%s)' % items('Integer', d),
                lambda d: 'Max(%s)' % items('Integer', d), lambda d: 'First(%s)' % items('Integer', d),
                lambda d: 'IndexOf(%s, %s)' % (items('Integer', d), expr('Integer', d)),
                lambda d: '(difference in %ss between %s and %s)' % (rng.choice(UNITS[:3]), expr('Date', d), expr('Date', d)),
                lambda d: '(%ss between %s and %s)' % (rng.choice(UNITS[:3]), LEAVES['Date'](), LEAVES['Date']()),
                lambda d: '(%s from %s)' % (rng.choice(UNITS[:3]), expr('DateTime', d)),
                lambda d: 'Coalesce(%s, %s)' % (expr('Integer', d), expr('Integer', d)),
                lambda d: '(if %s then %s else %s)' % (expr('Boolean', d), expr('Integer', d), expr('Integer', d))],
    'Decimal': [binary('Decimal', '+'), binary('Decimal', '-'), binary('Decimal', '*'), binary('Decimal', '/'),
                lambda d: 'Round(%s, 2)' % expr('Decimal', d), lambda d: 'ToDecimal(%s)' % expr('Integer', d),
                lambda d: 'Avg(%s)' % items('Decimal', d), lambda d: 'Median(%s)' % items('Decimal', d),
                lambda d: 'Sum(%s)' % items('Decimal', d)],
    'String': [binary('String', '+'), binary('String', '&'), lambda d: 'Upper(%s)' % expr('String', d),
               lambda d: 'Substring(%s, %s)' % (expr('String', d), expr('Integer', d)),
               lambda d: 'Combine(%s, \'-\')' % items('String', d), lambda d: 'ToString(%s)' % expr('Integer', d),
               lambda d: 'ToString(%s)' % expr('Boolean', d)],
    'Boolean': [binary('Boolean', 'and'), binary('Boolean', 'or'), binary('Boolean', 'xor'), binary('Boolean', 'implies'),
                lambda d: '(not %s)' % expr('Boolean', d), compare, compare, relation, relation, temporal_relation,
                lambda d: '(%s is null)' % expr(rng.choice(list(LEAVES)), d),
                lambda d: 'exists %s' % items('Integer', d), lambda d: 'AllTrue(%s)' % items('Boolean', d),
                lambda d: '(%s in %s)' % (expr('Integer', d), items('Integer', d)),
                lambda d: '(%s in %s)' % (expr('Decimal', d), interval('Decimal', d)),
                lambda d: 'StartsWith(%s, %s)' % (expr('String', d), expr('String', d))],
    'Date': [lambda d: '(%s + %d %ss)' % (expr('Date', d), rng.randrange(-3, 40), rng.choice(UNITS[:3])),
             lambda d: '(%s - %d %ss)' % (expr('Date', d), rng.randrange(0, 40), rng.choice(UNITS[:3])),
             lambda d: '(date from %s)' % expr('DateTime', d), lambda d: '(start of %s)' % interval('Date', d),
             lambda d: 'Max(%s)' % items('Date', d)],
    'DateTime': [lambda d: '(%s + %d %ss)' % (expr('DateTime', d), rng.randrange(-3, 100), rng.choice(UNITS)),
                 lambda d: '(end of %s)' % interval('DateTime', d), lambda d: 'Min(%s)' % items('DateTime', d)],
    'Time': [lambda d: '(%s + %d %ss)' % (expr('Time', d), rng.randrange(0, 100), rng.choice(UNITS[3:])),
             lambda d: 'Max(%s)' % items('Time', d)],
    'Quantity': [lambda d: "(%s 'mg' + %s 'g')" % (rng.randrange(1, 9), rng.randrange(1, 9)),
                 lambda d: '(-%s)' % LEAVES['Quantity'](), lambda d: "(%s * 2.0)" % LEAVES['Quantity']()],
}
LISTS = [lambda: 'distinct %s' % items('Integer', 2), lambda: '(%s union %s)' % (items('Integer', 2), items('Integer', 2)),
         lambda: '(%s intersect %s)' % (items('Integer', 2), items('Integer', 2)),
         lambda: '(%s except %s)' % (items('Integer', 2), items('Integer', 2)),
         lambda: 'collapse {%s, %s, %s}' % tuple(interval('Integer', 1) for _ in range(3)),
         lambda: '(%s X where X > %s return X + 1 sort asc)' % (items('Integer', 2), leaf('Integer')),
         lambda: '(%s union %s)' % (interval('Integer', 1), interval('Integer', 1)),
         lambda: '(%s intersect %s)' % (interval('Date', 1), interval('Date', 1)),
         lambda: 'width of %s' % interval('Integer', 1)]

print('library Random\n')
for number in range(1, int(sys.argv[2]) + 1):
    if rng.random() < 0.2:
        text = rng.choice(LISTS)()
    else:
        text = expr(rng.choice(list(LEAVES)), 4)
    print('define E%d: %s' % (number, text))
