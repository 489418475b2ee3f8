"""
Writes src/prices/catalogue.jsonl, its first line as catalogue-head.json, and docs/price-drift.md from two published lists of prices.

    pip download --no-deps genai-prices==0.2.3 litellm==1.110.2
    python3 scripts/prices/generate.py GENAI_WHEEL LITELLM_WHEEL

genai-prices (MIT, Pydantic) is the source. LiteLLM's list (MIT, BerriAI) fills in models that it lacks, and is compared with it. The
same wheels give the same bytes. Needs Python 3.11 or later, nothing else.
"""
import io, json, os, re, sys, types, zipfile
from decimal import ROUND_HALF_EVEN, Decimal as D

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
VERSION = re.compile(r'-(\d[^-]*)-')

# Unit of genai-prices -> meter of src/prices/meters.ts. Units that are not here are left out.
METERS = {
    'input_mtok': 'input', 'cache_read_mtok': 'cached', 'cache_write_mtok': 'cache_write', 'cache_write_1h_mtok': 'cache_write_1h',
    'input_audio_mtok': 'audio_input', 'cache_audio_read_mtok': 'cached_audio', 'input_image_mtok': 'image_input',
    'cache_image_read_mtok': 'cached_image', 'output_mtok': 'output', 'output_reasoning_mtok': 'reasoning',
    'output_audio_mtok': 'audio_output', 'output_image_mtok': 'image_output', 'web_searches_kcount': 'web_search',
    'audio_hours': 'second', 'input_audio_hours': 'second', 'input_mchars': 'character', 'input_document_kpages': 'page',
    'requests_kcount': 'request',
}
# Resellers' lists of LiteLLM -> provider of genai-prices. Only these are filled in and compared.
LITELLM = {'openai': 'openai', 'anthropic': 'anthropic', 'gemini': 'google', 'groq': 'groq', 'mistral': 'mistral', 'xai': 'x-ai',
           'deepseek': 'deepseek', 'azure': 'azure', 'bedrock_converse': 'aws', 'bedrock': 'aws', 'fireworks_ai': 'fireworks',
           'together_ai': 'together', 'cerebras': 'cerebras', 'cohere': 'cohere', 'cohere_chat': 'cohere', 'perplexity': 'perplexity',
           'moonshot': 'moonshotai', 'voyage': 'voyageai', 'novita': 'novita', 'databricks': 'databricks'}
FIELDS = {'input': 'input_cost_per_token', 'cached': 'cache_read_input_token_cost', 'cache_write': 'cache_creation_input_token_cost',
          'cache_write_1h': 'cache_creation_input_token_cost_above_1hr', 'output': 'output_cost_per_token'}
TIERS = {'batch': '_batches', 'flex': '_flex', 'priority': '_priority'}
MODES = {'chat', 'responses', 'embedding', 'completion'}


def nano(dollars):
    """Integer nano-dollars. A price that needs more digits is float dirt and is rounded."""
    exact = D(str(dollars)) * 10**9  # str(): the shortest text of a float
    whole = exact.quantize(D(1), ROUND_HALF_EVEN)
    assert abs(exact - whole) <= D('0.001') * max(abs(whole), 1), dollars
    return int(whole)


def load_genai(wheel):
    stub = types.ModuleType('httpx2')  # only the package's updater needs it
    stub.Client = stub.HTTPError = stub.Timeout = object
    sys.modules['httpx2'] = stub
    sys.path.insert(0, wheel)
    from genai_prices.data import providers
    return providers


def value(price):
    if not hasattr(price, 'base'): return nano(price)
    return [nano(price.base)] + [[tier.start, nano(tier.price)] for tier in price.tiers]


def per(prices):
    found = {}
    for unit, price in vars(prices).items():
        for name, one in (price.items() if isinstance(price, dict) else [(unit, price)]):
            if one is not None and name in METERS: found[METERS[name]] = value(one)
    return dict(sorted(found.items()))


def rule(match):
    for kind, given in vars(match).items():
        return {kind.rstrip('_'): [rule(each) for each in given]} if isinstance(given, list) else {kind.rstrip('_'): given}


def entry(given):
    constraint = getattr(given, 'constraint', None)
    made = {}
    if hasattr(constraint, 'start_date'): made['from'] = constraint.start_date.isoformat()
    if hasattr(constraint, 'start_time'): made['hours'] = [constraint.start_time.isoformat()[:5], constraint.end_time.isoformat()[:5]]
    made['per'] = per(getattr(given, 'prices', given))
    return made


def tier_of(when):
    if when == {'processing': 'batch'}: return 'batch'
    if when == {'speed': 'fast'}: return 'fast'
    tier = when.get('service_tier') if len(when) == 1 else None
    return tier if tier in ('flex', 'priority', 'fast') else None


def model(given):
    made = {'id': given.id, 'match': rule(given.match),
            'prices': [entry(each) for each in (given.prices if isinstance(given.prices, list) else [given.prices])]}
    tiers = {}
    for variant in getattr(given, 'price_variants', None) or []:
        tier = tier_of(dict(variant.when))
        if tier is not None and entry(variant)['per']: tiers.setdefault(tier, []).append(entry(variant))
    if tiers: made['tiers'] = dict(sorted(tiers.items()))
    return made


def matches(match, name):
    (kind, given), = match.items()
    if kind == 'or': return any(matches(each, name) for each in given)
    if kind == 'and': return all(matches(each, name) for each in given)
    return {'equals': lambda: name == given, 'starts_with': lambda: name.startswith(given), 'ends_with': lambda: name.endswith(given),
            'contains': lambda: given in name, 'regex': lambda: re.search(given, name) is not None}[kind]()


def steps(entries, field, suffix):
    """One meter of LiteLLM: the base price and what it is above a length."""
    base = entries.get(field + suffix)
    if base is None: return None
    found = []
    for key, price in entries.items():
        hit = re.fullmatch(re.escape(field) + r'_above_(\d+)k_tokens' + re.escape(suffix), key)
        if hit: found.append([int(hit[1]) * 1000, nano(D(str(price)) * 10**6)])
    price = nano(D(str(base)) * 10**6)
    return [price] + sorted(found) if found else price


def litellm_model(name, given):
    def meters(suffix):
        made = {meter: steps(given, field, suffix) for meter, field in FIELDS.items()}
        return {meter: price for meter, price in sorted(made.items()) if price is not None}
    made = {'id': name, 'match': {'equals': name}, 'prices': [{'per': meters('')}]}
    tiers = {tier: [{'per': meters(suffix)}] for tier, suffix in TIERS.items() if meters(suffix)}
    if tiers: made['tiers'] = tiers
    return made


def base(price): return price[0] if isinstance(price, list) else price


def merge(providers, litellm):
    """Adds what only LiteLLM has; returns the rows that both have and the number of models that were added."""
    by_id = {provider['id']: provider for provider in providers}
    rows, added = [], 0
    for key, given in sorted(litellm.items()):
        provider = by_id.get(LITELLM.get(given.get('litellm_provider')))
        if provider is None or given.get('mode') not in MODES or 'input_cost_per_token' not in given: continue
        name = key.split('/', 1)[1] if '/' in key and key.split('/', 1)[0] in LITELLM else key
        theirs = litellm_model(name, given)
        ours = next((each for each in provider['models'] if matches(each['match'], name)), None)
        if ours is not None:
            mine, other = ours['prices'][-1]['per'], theirs['prices'][0]['per']
            rows.append([provider['id'], name, base(mine.get('input')), base(other.get('input')), base(mine.get('output')), base(other.get('output'))])
        elif given.get('litellm_provider') not in ('bedrock',) and not any(each['id'] == name for each in provider['models']):
            provider['models'].append({**theirs, 'source': 'litellm'})
            added += 1
    return rows, added


def drift_page(rows, sources):
    counts = {}
    different = []
    for row in rows:
        provider, name, a, b, c, d = row
        equal = (a or 0) == (b or 0) and (c or 0) == (d or 0)
        known = counts.setdefault(provider, [0, 0])
        known[0 if equal else 1] += 1
        if not equal: different.append(row)
    dollars = lambda price: '–' if price is None else '%g' % (price / 1e9)
    lines = ['# Where lists of prices disagree', '',
             '<!-- Written by scripts/prices/generate.py. -->', '',
             'The catalogue of prices comes from genai-prices %s. LiteLLM %s is a second opinion. This page lists every model for which they' % (sources['genai-prices'], sources['litellm']),
             'state another base price, in dollars per million tokens. The catalogue holds the first price of a pair.', '',
             '| provider | equal | different |', '|---|--:|--:|']
    lines += ['| %s | %d | %d |' % (provider, *counts[provider]) for provider in sorted(counts)]
    lines += ['', '| provider | model | input | input, LiteLLM | output | output, LiteLLM |', '|---|---|--:|--:|--:|--:|']
    lines += ['| %s | `%s` | %s | %s | %s | %s |' % (p, n, *map(dollars, (a, b, c, d))) for p, n, a, b, c, d in different]
    return '\n'.join(lines) + '\n', {provider: {'equal': n[0], 'different': n[1]} for provider, n in sorted(counts.items())}


def head_file(line):
    """What the program needs of the first line before it reads the catalogue, with the length of that line."""
    head = json.loads(line)
    return json.dumps({'bytes': len(line), 'version': head['version'], 'providers': head['providers']}, indent=2) + '\n'


def main(genai, litellm):
    sources = {'genai-prices': VERSION.search(genai)[1], 'litellm': VERSION.search(litellm)[1]}
    providers = [{'id': each.id, 'api': each.api_pattern, 'models': [model(one) for one in each.models]} for each in load_genai(genai)]
    with zipfile.ZipFile(litellm) as wheel:
        theirs = json.load(io.TextIOWrapper(wheel.open('litellm/model_prices_and_context_window_backup.json'), 'utf8'))
    rows, added = merge(providers, theirs)
    page, compared = drift_page(rows, sources)
    bodies = [json.dumps(each['models'], separators=(',', ':')) for each in providers]
    head = {'version': sys.argv[3] if len(sys.argv) > 3 else '2026-11-29', 'sources': sources, 'compared': compared,
            'providers': [{'id': each['id'], 'api': each['api'], 'bytes': len(body)} for each, body in zip(providers, bodies)]}
    # A line for each provider, so that only those in use are read. Only ASCII, since other text takes twice the memory.
    head = json.dumps(head, separators=(',', ':'))
    with open(os.path.join(ROOT, 'src', 'prices', 'catalogue.jsonl'), 'w', encoding='ascii') as file:
        for line in [head, *bodies]: file.write(line + '\n')
    with open(os.path.join(ROOT, 'src', 'prices', 'catalogue-head.json'), 'w', encoding='ascii') as file: file.write(head_file(head))
    with open(os.path.join(ROOT, 'docs', 'price-drift.md'), 'w', encoding='utf8') as file: file.write(page)
    print('%d models, %d of them from LiteLLM' % (sum(len(each['models']) for each in providers), added))


main(*sys.argv[1:3])
