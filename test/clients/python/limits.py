import sys
from concurrent.futures import ThreadPoolExecutor
import anthropic
import openai

url, prefix = sys.argv[1:]
greeting = [{"role": "user", "content": "Hi"}]


def of_openai(limit):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=f"{prefix}-{limit}-py-openai", max_retries=3)
    client.chat.completions.create(model="m", max_tokens=5, messages=greeting)


def of_anthropic(limit):
    client = anthropic.Anthropic(base_url=url, api_key=f"{prefix}-{limit}-py-anthropic", max_retries=3)
    client.messages.create(model="c", max_tokens=5, messages=greeting)


def told(ask, exception):
    said = ""
    try:
        ask("spent")
    except exception as error:
        details = error.body.get("error", error.body)
        said = f"{error.status_code} {details['limit']['id']}"
    ask("short")
    ask("short")
    return said


sdks = [(of_openai, openai.RateLimitError), (of_anthropic, anthropic.RateLimitError)]
with ThreadPoolExecutor() as pool:
    for said in pool.map(lambda sdk: told(*sdk), sdks):
        print(said)
