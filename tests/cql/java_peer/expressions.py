"""Random well-typed CQL expressions, made from a table of templates.

A row is `result := template`. `<Type>` in a template is an operand of that type, `[a|b]` with the marks `‹ ›` one of several
words. Single capital letters are type variables: T any type, O an ordered one, P a point type of intervals, N a number, D a date
or instant. A variable of the result is bound by the type that is asked for.
"""
import re

SIMPLE = ['Boolean', 'Integer', 'Long', 'Decimal', 'String', 'Date', 'DateTime', 'Time', 'Quantity', 'Code']
CLASSES = {
    'T': ['Boolean', 'Integer', 'Decimal', 'String', 'Date', 'DateTime', 'Time', 'Quantity', 'Code'],
    'O': ['Integer', 'Long', 'Decimal', 'String', 'Date', 'DateTime', 'Time', 'Quantity'],
    'P': ['Integer', 'Long', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity'],
    'N': ['Integer', 'Long', 'Decimal', 'Quantity'],
    'D': ['Date', 'DateTime'],
}

LEAVES = {
    'Boolean': ['true', 'false'],
    'Integer': ['(-2147483648)', '(-5)', '(-1)', '0', '1', '2', '3', '7', '10', '100', '2147483647'],
    'Long': ['(-3L)', '0L', '1L', '5L', '100L', '9223372036854775807L'],
    'Decimal': ['(-2.25)', '(-0.5)', '0.0', '0.00000001', '1.0', '1.5', '2.5', '3.14159265', '100.01', '99999999999999999999.99999999'],
    'String': ["''", "'a'", "'abc'", "'ABC'", "'a b'", "'a,b,c'", "'2012-03-04'", "'12'", "'3.5'", "'true'", "'b'"],
    'Date': ['@0001-01-01', '@2012', '@2012-02', '@2012-02-29', '@2012-03-01', '@2013-12-31', '@2014-01-01', '@9999-12-31'],
    'DateTime': ['@2012T', '@2012-02-29T10:20:30Z', '@2012-02-29T10:20:30.500Z', '@2012-03-01T00:00:00.000Z',
                 '@2012-03-01T02:00:00.000+02:00', '@2012-02-29T23:59:59.999-05:00', '@2012-03T', '@2013-01-01T10Z', '@2014-01-01T'],
    'Time': ['@T00:00:00.000', '@T10', '@T10:20', '@T10:20:30', '@T10:20:30.500', '@T23:59:59.999'],
    'Quantity': ["1 'mg'", "1.0 'g'", "5 'cm'", "0.05 'm'", '3 days', '2 weeks', '1 year', "10 '1'", "1000 'mg'", "37.0 'Cel'", "2 'h'"],
    'Code': ["Code { code: 'a', system: 's' }", "Code { code: 'a', system: 's', display: 'x' }", "Code { code: 'b', system: 's' }",
             "Code { code: 'a', system: 't' }"],
}

RELATIONS = ('before|after|same as|same or before|same or after|overlaps|overlaps before|overlaps after|meets|meets before|'
             'meets after|starts|ends|includes|included in|properly includes|properly included in|during')
DATE_UNITS = 'year|month|day'
TIME_UNITS = 'hour|minute|second|millisecond'

ROWS = f"""
Boolean := (<Boolean> ‹and|or|xor|implies› <Boolean>)
Boolean := (not <Boolean>)
Boolean := (<Boolean> is ‹true|false|not true|null|not null›)
Boolean := (<T> is ‹null|not null›)
Boolean := (<T> ‹=|!=|~|!~› <T>)
Boolean := (<O> ‹<|<=|>|>=› <O>)
Boolean := (<O> between <O> and <O>)
Boolean := (<Interval<P>> ‹=|!=|~|!~› <Interval<P>>)
Boolean := (<List<T>> ‹=|!=|~|!~› <List<T>>)
Boolean := (<Interval<P>> ‹{RELATIONS}› <Interval<P>>)
Boolean := (<P> ‹in|during|before|after|same or before|same or after› <Interval<P>>)
Boolean := (<Interval<P>> ‹contains|includes|before|after|same or before|same or after|properly includes› <P>)
Boolean := (<P> properly included in <Interval<P>>)
Boolean := (<T> in <List<T>>)
Boolean := (<List<T>> contains <T>)
Boolean := (<List<T>> ‹includes|included in|properly includes|properly included in› <List<T>>)
Boolean := exists (<List<T>>)
Boolean := ‹AllTrue|AnyTrue›(<List<Boolean>>)
Boolean := (<D> same ‹{DATE_UNITS}› ‹as|or before|or after› <D>)
Boolean := (<D> ‹before|after› ‹{DATE_UNITS}› of <D>)
Boolean := (<DateTime> same ‹{TIME_UNITS}› ‹as|or before|or after› <DateTime>)
Boolean := (<Time> same ‹{TIME_UNITS}› ‹as|or before|or after› <Time>)
Boolean := (<Interval<D>> ‹before|after› ‹{DATE_UNITS}› of <Interval<D>>)
Boolean := (<Interval<D>> overlaps ‹before |after |›‹{DATE_UNITS}› of <Interval<D>>)
Boolean := (<Interval<D>> same ‹{DATE_UNITS}› as <Interval<D>>)
Boolean := (<Interval<D>> ‹starts|ends› ‹{DATE_UNITS}› of <Interval<D>>)
Boolean := (<D> during ‹{DATE_UNITS}› of <Interval<D>>)
Boolean := (<Interval<D>> ‹includes|meets|meets before|meets after› ‹{DATE_UNITS}› of <Interval<D>>)
Boolean := (<D> ‹1 day|2 months|1 year› or ‹more|less› ‹before|after› <D>)
Boolean := (<D> ‹less|more› than ‹3 days|1 year› ‹before|after› <D>)
Boolean := (<D> within ‹3 days|1 month› of <D>)
Boolean := (<Interval<D>> starts ‹1 day|2 months› or ‹more|less› ‹before|after› start <Interval<D>>)
Boolean := (<Interval<D>> starts within ‹3 days|1 year› of end <Interval<D>>)
Boolean := ‹StartsWith|EndsWith›(<String>, <String>)
Boolean := Matches(<String>, ‹'a.*'|'[a-z]+'|'\\\\d+'|''›)
Boolean := ‹ConvertsToInteger|ConvertsToDecimal|ConvertsToDate|ConvertsToBoolean›(<String>)
Boolean := ‹ConvertsToQuantity|ConvertsToTime|ConvertsToDateTime›(<String>)
Boolean := (if <Boolean> then <Boolean> else <Boolean>)
Boolean := ToBoolean(<String>)
Boolean := ((‹years|months|days› between <Date> and <Date>) ‹>|<|=|>=› <Integer>)
Boolean := (<T> is ‹Integer|String|Date|Quantity›)
Boolean := (Tuple {{ a: <T>, b: <Integer> }} ‹=|!=|~› Tuple {{ a: <T>, b: <Integer> }})
Boolean := (Concept {{ codes: {{ <Code> }} }} ~ Concept {{ codes: {{ <Code>, <Code> }} }})
Boolean := (Concept {{ codes: {{ <Code> }} }} ~ <Code>)
Boolean := (‹1:8|2:16|1 'mg':2 'mL'› ‹=|~› ‹1:8|2:16|2.0 'mg':4 'mL'›)
Boolean := ((convert <Integer> to String) = '1')
Boolean := exists ((<List<T>>) X where X is not null)
Integer := Count((from (<List<T>>) X, (<List<Integer>>) Y return Tuple {{ x: X, y: Y }}))
T := First(((from (<List<T>>) X, (<List<Integer>>) Y return all Tuple {{ x: X, y: Y }})) Z return Z.x)
T := ((<List<T>>) X aggregate all A starting (null as T): Coalesce(A, X))
Integer := ((<List<Integer>>) X aggregate distinct A starting 1: A * X)
List<O> := ((((<List<O>>) X return Tuple {{ k: X, n: 1 }} sort by n, k desc)) Y return Y.k)
Integer := (<Integer> ‹+|-|*|div|mod› <Integer>)
Integer := (-<Integer>)
Integer := ‹Abs|predecessor of |successor of ›(<Integer>)
Integer := ‹Ceiling|Floor|Truncate›(<Decimal>)
Integer := Length(<String>)
Integer := ‹PositionOf|LastPositionOf›(<String>, <String>)
Integer := Count(<List<T>>)
Integer := Sum(<List<Integer>>)
Integer := Product(<List<Integer>>)
Integer := IndexOf(<List<T>>, <T>)
Integer := Power(<Integer>, <Integer>)
Integer := (difference in ‹year|month|week|day›s between <Date> and <Date>)
Integer := (‹year|month|week|day›s between <Date> and <Date>)
Integer := (difference in ‹year|month|day|hour|minute|second|millisecond›s between <DateTime> and <DateTime>)
Integer := (‹year|month|day|hour|minute|second|millisecond›s between <DateTime> and <DateTime>)
Integer := (‹difference in |›‹hour|minute|second|millisecond›s between <Time> and <Time>)
Integer := (duration in ‹days|months› of <Interval<D>>)
Integer := (‹{DATE_UNITS}› from <D>)
Integer := (‹{TIME_UNITS}› from <DateTime>)
Integer := (‹{TIME_UNITS}› from <Time>)
Integer := ToInteger(<String>)
Integer := Precision(<Decimal>)
Integer := Precision(<D>)
Integer := CalculateAgeInYearsAt(<Date>, <Date>)
Integer := CalculateAgeInMonthsAt(<DateTime>, <DateTime>)
Integer := ((<List<Integer>>) X aggregate A starting 0: A + Coalesce(X, 1))
Long := (<Long> ‹+|-|*|div|mod› <Long>)
Long := (-<Long>)
Long := ‹Abs|predecessor of |successor of ›(<Long>)
Long := ToLong(<Integer>)
Long := Sum(<List<Long>>)
Decimal := (<Decimal> ‹+|-|*|/|div|mod› <Decimal>)
Decimal := (<Integer> / <Integer>)
Decimal := (-<Decimal>)
Decimal := ‹Abs|predecessor of |successor of |Round|Exp|Ln›(<Decimal>)
Decimal := Round(<Decimal>, ‹0|1|2|4›)
Decimal := Log(<Decimal>, ‹2.0|10.0›)
Decimal := Power(<Decimal>, ‹0.0|1.0|2.0|-1.0›)
Decimal := ToDecimal(<Integer>)
Decimal := ToDecimal(<String>)
Decimal := ‹Avg|Median|Sum|Product|StdDev|Variance|PopulationStdDev|PopulationVariance|GeometricMean›(<List<Decimal>>)
Decimal := ‹LowBoundary|HighBoundary›(<Decimal>, ‹2|8›)
Decimal := (timezoneoffset from <DateTime>)
String := (<String> ‹+|&› <String>)
String := ‹Upper|Lower›(<String>)
String := Substring(<String>, <Integer>)
String := Substring(<String>, <Integer>, <Integer>)
String := (<String>)[<Integer>]
String := Combine(<List<String>>)
String := Combine(<List<String>>, ‹'-'|','|''›)
String := ToString(‹<Integer>|<Boolean>|<Decimal>|<Date>|<DateTime>|<Time>|<Quantity>|<Long>›)
String := ReplaceMatches(<String>, ‹'a'|'[a-c]'|'(a)(b)'|'\\\\s'›, ‹'x'|'$0'|''›)
Date := (<Date> ‹+|-› ‹1|3|40› ‹years|months|weeks|days›)
Date := (date from <DateTime>)
Date := Date(‹2012|2011|null›, ‹2|12|null›, ‹1|29|null›)
Date := ToDate(<String>)
Date := ‹predecessor of |successor of ›(<Date>)
DateTime := (<DateTime> ‹+|-› ‹1|3|40|100› ‹years|months|weeks|days|hours|minutes|seconds|milliseconds›)
DateTime := ToDateTime(<Date>)
DateTime := DateTime(‹2012|null›, ‹2|null›, ‹29|1›, ‹10|null›, ‹30|null›)
DateTime := ‹predecessor of |successor of ›(<DateTime>)
Time := (<Time> ‹+|-› ‹1|3|40|100› ‹hours|minutes|seconds|milliseconds›)
Time := (time from <DateTime>)
Time := ToTime(‹'T10:20'|'T10:20:30.5'|'10:20'|'x'›)
Time := Time(‹10|25›, ‹20|null›, ‹30|null›)
Time := ‹predecessor of |successor of ›(<Time>)
Quantity := (<Quantity> ‹+|-› <Quantity>)
Quantity := (<Quantity> ‹*|/› <Decimal>)
Quantity := (<Quantity> ‹*|/› <Quantity>)
Quantity := (-<Quantity>)
Quantity := Abs(<Quantity>)
Quantity := (convert <Quantity> to ‹'mg'|'g'|days|'h'|'m'›)
Quantity := ToQuantity(‹'5 \\'mg\\''|'3'|'2 days'|'x'›)
Quantity := ‹Sum|Avg|Median›(<List<Quantity>>)
N := ‹Min|Max›(<List<N>>)
D := ‹Min|Max›(<List<D>>)
P := ‹start|end› of <Interval<P>>
P := point from <Interval<P>>
Integer := width of <Interval<Integer>>
Decimal := width of <Interval<Decimal>>
Integer := (maximum Integer - <Integer>)
Decimal := (minimum Decimal + <Decimal>)
Decimal := (maximum Decimal - <Integer>)
T := ‹First|Last›(<List<T>>)
T := singleton from <List<T>>
T := (<List<T>>)[<Integer>]
T := Mode(<List<T>>)
T := Coalesce(<T>, <T>)
T := Coalesce(<List<T>>)
T := (if <Boolean> then <T> else <T>)
T := (case when <Boolean> then <T> when <Boolean> then <T> else <T> end)
T := (case <Integer> when <Integer> then <T> else <T> end)
T := (<T> as T)
T := (Tuple {{ a: <T>, b: <Integer> }}).a
Interval<P> := Interval‹[|(›<P>, <P>‹]|)›
Interval<P> := (<Interval<P>> ‹union|intersect|except› <Interval<P>>)
List<T> := {{ <T>, <T> }}
List<T> := {{ <T>, null, <T> }}
List<T> := (<List<T>> ‹union|intersect|except› <List<T>>)
List<T> := distinct (<List<T>>)
List<T> := flatten {{ <List<T>>, <List<T>> }}
List<T> := ((<List<T>>) X where X ‹=|!=|~› <T> return ‹all |›X)
List<O> := ((<List<O>>) X return ‹all |›X sort ‹asc|desc›)
List<O> := ((<List<O>>) X where X ‹<|>=› <O> sort ‹asc|desc›)
List<T> := ((<List<T>>) X ‹with|without› (<List<T>>) Y such that X = Y)
List<Integer> := (from (<List<Integer>>) X, (<List<Integer>>) Y let Z: X + Y where X < Y return Z)
List<Integer> := ((<List<Integer>>) X let Y: X * 2 where Y > 2 return all Y sort desc)
List<T> := Take(<List<T>>, <Integer>)
List<T> := Skip(<List<T>>, <Integer>)
List<T> := Tail(<List<T>>)
List<String> := Split(<String>, ‹','|'a'|' '›)
List<Interval<P>> := collapse (<List<Interval<P>>>)
List<Interval<D>> := collapse (<List<Interval<D>>>) per ‹day|month›
List<Integer> := expand Interval[‹1|3›, ‹3|5|9›] per ‹1|2›
List<Date> := expand Interval[@2012-01-0‹1|3›, @2012-0‹1|2›-0‹4|9›] per ‹day|week|month›
List<Interval<Date>> := expand {{ Interval[@2012-01-0‹1|3›, @2012-01-0‹4|9›] }} per ‹day|week›
List<Interval<Integer>> := expand {{ <Interval<Integer>>, Interval[1, 4] }} per 2
List<Interval<P>> := {{ <Interval<P>>, <Interval<P>> }}
"""


def parse_rows():
    rows = []
    for line in ROWS.strip().splitlines():
        result, template = line.split(' := ', 1)
        rows.append((result, template))
    return rows


def operands(template):
    """Splits a template into text and operand parts; operands nest their angle brackets."""
    parts, at = [], 0
    for m in re.finditer(r'<(?=[A-Z])', template):
        if m.start() < at:
            continue
        depth, end = 0, m.start()
        while True:
            depth += {'<': 1, '>': -1}.get(template[end], 0)
            end += 1
            if depth == 0:
                break
        parts.append(('text', template[at:m.start()]))
        parts.append(('operand', template[m.start() + 1:end - 1]))
        at = end
    parts.append(('text', template[at:]))
    return parts


class Node:
    def __init__(self, template, text, kids):
        self.template, self.text, self.kids = template, text, kids

    def all(self):
        for kid in self.kids:
            yield from kid.all()
        yield self


class Generator:
    def __init__(self, rng, nulls=0.08):
        self.rng, self.nulls = rng, nulls
        self.rows = parse_rows()

    def type(self):
        base = self.rng.choice(SIMPLE)
        roll = self.rng.random()
        if roll < 0.12:
            return 'Interval<%s>' % self.rng.choice(CLASSES['P'])
        if roll < 0.24:
            return 'List<%s>' % base
        return base

    def leaf(self, t):
        if self.rng.random() < self.nulls:
            return Node('null as ' + t, '(null as %s)' % t, [])
        if t in LEAVES:
            return Node('literal', self.rng.choice(LEAVES[t]), [])
        inner = t[t.index('<') + 1:-1]
        if t.startswith('List<'):
            kids = [self.leaf(inner) for _ in range(self.rng.randrange(1, 4))]
            return Node('list', '{ %s }' % ', '.join(k.text for k in kids), kids)
        low, high = self.bounds(inner)
        kids = [low, high]
        low, high = low.text, high.text
        return Node('interval', 'Interval%s%s, %s%s' % (self.rng.choice('[('), low, high, self.rng.choice('])')), kids)

    def bounds(self, t):
        """Two ends, mostly in order: an interval whose ends are not is only an error."""
        if self.rng.random() < 0.15:
            return self.leaf(t), self.leaf(t)
        ordered = ["1 'mg'", "10.5 'mg'", "1.0 'g'", "5 'g'"] if t == 'Quantity' else LEAVES[t]
        i, j = sorted(self.rng.sample(range(len(ordered)), 2))
        null = Node('null as ' + t, '(null as %s)' % t, [])
        return [null if self.rng.random() < self.nulls else Node('literal', ordered[k], []) for k in (i, j)]

    def unify(self, pattern, t):
        if pattern in CLASSES:
            return {pattern: t} if t in CLASSES[pattern] else None
        if '<' in pattern:
            head = pattern[:pattern.index('<') + 1]
            return self.unify(pattern[len(head):-1], t[len(head):-1]) if t.startswith(head) else None
        return {} if pattern == t else None

    def fill(self, pattern, binding):
        def one(m):
            return binding.setdefault(m.group(0), self.rng.choice(CLASSES[m.group(0)]))
        return re.sub(r'\b[TOPND]\b', one, pattern)

    def expr(self, t, depth):
        if depth <= 0 or self.rng.random() < 0.1:
            return self.leaf(t)
        fits = [(row, b) for row in self.rows if (b := self.unify(row[0], t)) is not None]
        if not fits:
            return self.leaf(t)
        (result, template), binding = self.rng.choice(fits)
        chosen = re.sub('‹([^›]*)›', lambda m: self.rng.choice(m.group(1).split('|')), template)
        kids, text = [], ''
        for kind, part in operands(chosen):
            if kind == 'text':
                text += re.sub(r'(?<= as )T(?=\))', t, part)
                continue
            kids.append(self.expr(self.fill(part, binding), depth - 1))
            text += kids[-1].text
        # What it is of: (<Integer> / <Integer>) is another thing than (<Decimal> / <Decimal>).
        shape = re.sub(r'\b[TOPND]\b', lambda m: binding.get(m.group(0), m.group(0)), chosen)
        return Node(shape, text, kids)
