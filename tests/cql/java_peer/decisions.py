"""Why the two engines differ, class by class. Each rule names a class that README.md explains by the specification's text."""
import re

NUMBER = re.compile(r"^(-?\d+\.\d+)( .*)?$")


def last_digit(ours, theirs):
    """Two decimals, or quantities of one unit, that differ by at most one unit of the eighth digit."""
    a, b = NUMBER.match(ours), NUMBER.match(theirs)
    if not a or not b or a.group(2) != b.group(2):
        return False
    x, y = (int(round(float(m.group(1)) * 1e8)) for m in (a, b))
    return abs(x - y) <= max(1, abs(x) >> 48)


def units_of(text):
    return set(re.findall(r"\d (?:'([^']*)'|(?:year|month|week|day|hour)s?)", text)) or set()


def mixes_units(text):
    found = re.findall(r"\d(?: '([^']*)'| (years?|months?|weeks?|days?|hours?))", text)
    return len({a or b.rstrip('s') for a, b in found}) > 1


def beyond(theirs):
    """More than 28 digits."""
    return bool(re.search(r'\d{21,}\.', theirs))


def decide(template, text, ours, theirs, ours_raw, theirs_raw):
    fault = theirs_raw.split(': ', 1)[1] if theirs == 'error' else ''
    if 'InvalidInterval' in fault and ours != 'error' and 'ending boundary' in fault:
        return 'unknown-order-of-bounds'
    if fault.startswith(('NullPointerException', 'ClassCastException', 'IndexOutOfBoundsException', 'NumberFormatException',
                         'ArithmeticException', 'IllegalArgumentException', 'DateTimeException')):
        return 'java-exception'
    if 'requires Context' in fault or 'is not comparable' in fault or 'Interval)' in fault:
        return 'java-exception'
    if template.startswith('Coalesce') and fault:
        return 'eager-coalesce'
    if template.startswith('Mode'):
        return 'mode-of-many'
    if last_digit(ours, theirs):
        return 'rounding'
    wraps = re.search(r'[-+*]|width|Abs|Power|Sum|Product|Floor|Ceiling|Truncate', template) and re.match(r'^-?\d+$', theirs)
    if ours == 'null' and (beyond(theirs) or wraps or ('Long' in template and theirs.endswith('L')) or 'StdDev' in template):
        return 'overflow'
    if re.search(r'2147483647|2147483648|9223372036854775807', text + theirs) and '{' in theirs:
        return 'overflow'
    if template == '(-<Long>)':
        return 'overflow'
    if template.startswith('Product') and theirs == 'null':
        return 'null-in-product'
    if template.startswith('Combine'):
        return 'combine'
    if 'Quantity' in template and mixes_units(text):
        return 'units'
    if re.match(r'\(<Quantity> [*/] <Quantity>\)', template):
        return 'units'
    if template.startswith('(convert <Quantity>'):
        return 'units'
    if template.startswith(('predecessor', 'successor')) and ours == 'error':
        return 'beyond-the-type'
    if template.startswith(('Min', 'Max')) and 'Date' in template + text or re.match(r'M(in|ax)\(<List<Time', template):
        return 'uncertain-extremes'
    if template.startswith('flatten') and 'null' in theirs:
        return 'flatten-null'
    if re.search(r'\) X ', template) and theirs == 'null' and ours == '{}':
        return 'query-of-null'
    if ' in <List<' in template or ' contains <' in template:
        return 'unknown-membership'
    if re.match(r"(Date|DateTime|Time)\(", template):
        return 'gap-in-components'
    if re.match(r'\(<Interval<.*(intersect|union|except)', template):
        return 'interval-sets'
    if re.match(r'(start|end) of', template):
        return 'bounds-that-are-null'
    if template.startswith('expand') and ' per ' in template:
        return 'expand'
    if template.startswith('interval') or template.startswith('Interval'):
        return 'bounds-that-are-null' if theirs == 'null' else None
    if template.startswith('ToString'):
        return 'to-string'
    if 'must be of the same type' in fault or 'Interval[Interval' in theirs or 'Interval(Interval' in theirs:
        return 'uncertain-operand'
    if template.startswith(('CalculateAge', '(duration in', '(difference in')) or ' between <Date' in template:
        return 'uncertain-durations'
    if re.search(r'\bas Integer\)', template) and ours.startswith('Interval'):
        return 'uncertain-operand'
    if template.startswith(('LowBoundary', 'HighBoundary')):
        return 'boundary-scale'
    if template.startswith('Split'):
        return 'split'
    if template.startswith('Substring'):
        return 'negative-length'
    if 'weeks)' in template:
        return 'adding-weeks'
    if 'Code' in template and theirs in ('null', '{}') or 'X where X != <Code>' in template:
        return 'codes-in-part'
    if re.match(r'\(<List<.*> (!=|=) <List', template):
        return 'lists-of-unequal-length'
    if 'properly included in <Interval' in template and ours == 'null':
        return 'null-point'
    if re.search(r'overlaps|during|same|before|after|meets|starts|ends|includ|within', template) and {ours, theirs} & {'null'}:
        return 'partial-bounds'
    if template.startswith('point from'):
        return 'uncertain-operand'
    if template.startswith('(case <Integer>'):
        return 'case-of-null'
    if re.match(r'\(<\w+> is ', template) and theirs == 'null':
        return 'null-is-of-no-type'
    if template.startswith(('ToInteger', 'ToDate(')):
        return 'texts-that-are-no-values'
    if template.startswith('Round('):
        return 'round-half'
    if 'seconds between' in template or 'minutes between' in template or 'hours between' in template:
        return 'uncertain-durations'
    if fault.startswith(('InvalidInterval', 'InvalidOperatorArgument')) and template.startswith('First((('):
        return 'query-of-null'
    return None
